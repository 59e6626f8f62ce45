#include "core/lora/lora_file.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/repeat_interleave.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/digest/sha256.h"
#include "core/request/limits.h"
#include "core/weights/magnitude.h"

namespace ruyi {

// The tensors' names, and what the product counts at strength 1.
struct LoraFile::Factors {
  std::string down;   // [rank, in], or [rank, in, 1, 1]
  std::string up;     // [out, rank], or [out, rank, 1, 1]
  std::string alpha;  // [], or empty: as large as the rank
  double scale = 1;   // from CheckedFactors
};

namespace {

using Entry = SafetensorsFile::Entry;

constexpr std::string_view kPrefix = "lora_unet_";  // then mostly one '_' more, then the layer

absl::Status Refuse(std::string_view tensor, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrFormat("tensor '%s' %s", tensor, what));
}

// Returns true when `magnitude` is finite in the narrowest type that models compute in.
bool IsFinite(double magnitude) {
  return std::isfinite(RoundedTo(at::kBFloat16, magnitude));
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

// Returns the layers' names by those that kohya's tools use: "blocks.0.attn1.to_q" by "blocks_0_attn1_to_q".
std::map<std::string, std::string, std::less<>> KohyaNames(const LayerShapes& layers) {
  std::map<std::string, std::string, std::less<>> names;
  for (const auto& [name, shape] : layers) {
    std::string flat = name;
    std::replace(flat.begin(), flat.end(), '.', '_');
    names.emplace(std::move(flat), name);
  }
  return names;
}

// Returns true for a matrix, and for the weights of a convolution of 1 x 1.
bool IsMatrix(const std::vector<int64_t>& shape) {
  return shape.size() == 2 || (shape.size() == 4 && shape[2] == 1 && shape[3] == 1);
}

absl::Status CheckFit(const std::string& tensor, const std::vector<int64_t>& shape, int64_t out, int64_t in) {
  if (IsMatrix(shape) && shape[0] == out && shape[1] == in)
    return absl::OkStatus();
  return Refuse(tensor, absl::StrFormat("has shape %s; its layer takes %s", ShapeText(shape), ShapeText({out, in})));
}

}  // namespace

absl::StatusOr<LoraFile> LoraFile::Open(const std::filesystem::path& path) {
  RUYI_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::Read(path, kMaxBytes));
  return LoraFile(std::move(file));
}

absl::StatusOr<std::map<std::string, LoraFile::Factors>> LoraFile::FactorsByLayer(const LayerShapes& layers) const {
  const auto names = KohyaNames(layers);
  if (file_.entries().empty())
    return absl::InvalidArgumentError("there is no layer in it; a LoRA changes at least one");
  std::map<std::string, Factors> by_layer;
  for (const auto& [tensor, entry] : file_.entries()) {
    const size_t dot = tensor.find('.');
    if (!tensor.starts_with(kPrefix) || dot == std::string::npos)
      return Refuse(tensor, "has no name of the form lora_unet__<layer>.lora_up.weight");
    const size_t begin = tensor.find_first_not_of('_', kPrefix.size());
    const auto layer = begin < dot ? names.find(std::string_view(tensor).substr(begin, dot - begin)) : names.end();
    if (layer == names.end())
      return Refuse(tensor, "fits no layer of the model");
    const std::string_view part = std::string_view(tensor).substr(dot + 1);
    Factors& factors = by_layer[layer->second];
    if (part == "lora_down.weight") {
      factors.down = tensor;
    } else if (part == "lora_up.weight") {
      factors.up = tensor;
    } else if (part == "alpha") {
      factors.alpha = tensor;
    } else {
      return Refuse(tensor, "is none of lora_down.weight, lora_up.weight and alpha");
    }
  }
  return by_layer;
}

// Checks that both matrices are there and fit the layer and each other.
absl::Status LoraFile::CheckFactors(const Factors& factors, const LayerShape& layer) const {
  if (factors.down.empty() || factors.up.empty()) {
    return factors.down.empty() ? Refuse(factors.up.empty() ? factors.alpha : factors.up, "lacks its lora_down.weight")
                                : Refuse(factors.down, "lacks its lora_up.weight");
  }
  const std::vector<int64_t>& down = file_.entries().at(factors.down).shape;
  const int64_t rank = down.empty() ? 0 : down[0];
  RUYI_RETURN_IF_ERROR(CheckFit(factors.down, down, rank, layer.in / layer.kernel_area));
  if (rank == 0)
    return Refuse(factors.down, "has rank 0");
  return CheckFit(factors.up, file_.entries().at(factors.up).shape, layer.out, rank);
}

// Returns the scale of `factors`: alpha / rank, or 1 without an alpha.
absl::StatusOr<double> LoraFile::Scale(const Factors& factors) const {
  if (factors.alpha.empty())
    return 1.0;
  RUYI_ASSIGN_OR_RETURN(const at::Tensor alpha, file_.Get(factors.alpha));
  if (alpha.numel() != 1)
    return Refuse(factors.alpha, "is not one number");
  const double value = alpha.to(at::kDouble).item<double>();
  if (!std::isfinite(value))
    return Refuse(factors.alpha, "is not finite");
  return value / static_cast<double>(file_.entries().at(factors.down).shape[0]);
}

// Returns the matrix as it is stored, without the two dimensions of a convolution of 1 x 1.
absl::StatusOr<at::Tensor> LoraFile::Matrix(const std::string& name) const {
  RUYI_ASSIGN_OR_RETURN(const at::Tensor stored, file_.Get(name));
  if (!stored.is_floating_point())
    return Refuse(name, absl::StrFormat("is of type %s; it must be of a floating-point type",
                                        SafetensorsName(stored.scalar_type())));
  return stored.flatten(1);
}

// Checks that both matrices and their product are finite in the narrowest type that models compute in, at every
// strength. The product itself is only computed where the largest numbers of both do not settle it.
absl::Status LoraFile::CheckNumbers(const Factors& factors) const {
  RUYI_ASSIGN_OR_RETURN(const at::Tensor up, Matrix(factors.up));
  RUYI_ASSIGN_OR_RETURN(const at::Tensor down, Matrix(factors.down));
  const double largest_up = LargestMagnitude(up);
  if (!IsFinite(largest_up))
    return Refuse(factors.up, "is not finite");
  const double largest_down = LargestMagnitude(down);
  if (!IsFinite(largest_down))
    return Refuse(factors.down, "is not finite");
  const double largest_scale = std::abs(factors.scale) * kLoraStrength.max;
  if (!IsFinite(largest_up * largest_scale))
    return Refuse(factors.up, "is not finite once its alpha is applied");
  if (IsFinite(largest_up * largest_down * largest_scale * static_cast<double>(up.size(1))))
    return absl::OkStatus();
  const at::Tensor product = at::matmul(up.to(at::kDouble), down.to(at::kDouble)) * largest_scale;
  return IsFinite(LargestMagnitude(product))
             ? absl::OkStatus()
             : Refuse(factors.up, "is not finite once it is multiplied with its lora_down.weight");
}

absl::StatusOr<std::map<std::string, LoraFile::Factors>> LoraFile::CheckedFactors(const LayerShapes& layers) const {
  RUYI_ASSIGN_OR_RETURN(auto by_layer, FactorsByLayer(layers));
  for (auto& [layer, factors] : by_layer) {
    RUYI_RETURN_IF_ERROR(CheckFactors(factors, layers.find(layer)->second));
    RUYI_ASSIGN_OR_RETURN(factors.scale, Scale(factors));
    RUYI_RETURN_IF_ERROR(CheckNumbers(factors));
  }
  return by_layer;
}

absl::Status LoraFile::Check(const LayerShapes& layers) const {
  return CheckedFactors(layers).status();
}

std::string LoraFile::sha256() const {
  return Sha256Hex(file_.bytes()->bytes());
}

int64_t LoraFile::parameters() const {
  int64_t count = 0;
  for (const auto& [name, entry] : file_.entries())
    count += std::accumulate(entry.shape.begin(), entry.shape.end(), int64_t{1}, std::multiplies<>());
  return count;
}

absl::StatusOr<LayerUpdates> LoraFile::Updates(const LayerShapes& layers, double strength) const {
  RUYI_ASSIGN_OR_RETURN(const auto by_layer, CheckedFactors(layers));
  LayerUpdates updates;
  for (const auto& [layer, factors] : by_layer) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor up, Matrix(factors.up));
    RUYI_ASSIGN_OR_RETURN(const at::Tensor down, Matrix(factors.down));
    // A convolution of 1 x 1 changes every place of a larger kernel alike.
    const int64_t kernel_area = layers.find(layer)->second.kernel_area;
    updates[layer] = {.up = up.to(at::kFloat) * (strength * factors.scale),
                      .down = at::repeat_interleave(down.to(at::kFloat), kernel_area, 1)};
  }
  return updates;
}

}  // namespace ruyi
