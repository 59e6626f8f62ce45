#include "core/weights/weight_scale.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>

#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace ruyi {
namespace {

constexpr std::string_view kWeight = "weight";

// Returns "blocks.0.to_q." for "blocks.0.to_q.weight"; empty for other names.
std::string_view LayerPrefix(std::string_view name) {
  const bool is_weight =
      name.ends_with(kWeight) && name.size() > kWeight.size() && name[name.size() - kWeight.size() - 1] == '.';
  return is_weight ? name.substr(0, name.size() - kWeight.size()) : std::string_view();
}

std::array<std::string, 2> InLayerOf(std::string_view name, std::string_view first, std::string_view second) {
  const std::string_view prefix = LayerPrefix(name);
  if (prefix.empty())
    return {};
  return {absl::StrFormat("%s%s", prefix, first), absl::StrFormat("%s%s", prefix, second)};
}

}  // namespace

std::array<std::string, 2> ScaleNames(std::string_view name) {
  return InLayerOf(name, "scale_weight", "weight_scale");
}

std::array<std::string, 2> InputScaleNames(std::string_view name) {
  return InLayerOf(name, "scale_input", "input_scale");
}

bool IsScaleMarker(std::string_view name) {
  return name.substr(name.rfind('.') + 1) == "scaled_fp8";
}

std::string WeightOfCompanion(std::string_view name) {
  constexpr std::string_view kInner = ".weight.";
  if (const size_t inner = name.find(kInner); inner != std::string_view::npos)
    return std::string(name.substr(0, inner + kInner.size() - 1));
  const size_t dot = name.rfind('.');
  const std::string_view own = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  for (const std::string_view word : {"scale", "zero_point", "quant", "absmax"}) {
    if (own.find(word) != std::string_view::npos)
      return absl::StrFormat("%s%s", name.substr(0, dot + 1), kWeight);
  }
  return "";
}

absl::StatusOr<at::Tensor> Scaled(const at::Tensor& weight, const at::Tensor& scale) {
  if (!scale.is_floating_point())
    return absl::FailedPreconditionError("cannot be scaled: its scale is no floating-point number");
  const bool is_per_row =
      scale.dim() >= 1 && weight.dim() >= 1 && scale.numel() == weight.size(0) && scale.size(0) == scale.numel();
  if (scale.numel() != 1 && !is_per_row) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "cannot be scaled: its scale has shape [%s]; one number, or one for each of its %d rows, can be applied",
        absl::StrJoin(scale.sizes(), ", "), weight.dim() >= 1 ? weight.size(0) : 1));
  }
  std::vector<int64_t> shape(weight.dim(), 1);
  if (is_per_row)
    shape[0] = scale.numel();
  return weight.to(at::kFloat) * scale.to(at::kFloat).reshape(shape);
}

}  // namespace ruyi
