#include "core/pipeline/ruyi/clip_preprocessor.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/media/pillow_resize.h"
#include "core/pipeline/ruyi/image_tensor.h"

namespace ruyi {
namespace {

using nlohmann::json;

constexpr int64_t kBicubic = 3;

absl::Status Unsupported(std::string_view what) {
  return ErrorWithReason(absl::StatusCode::kUnimplemented,
                         absl::StrFormat("preprocessor config: %s is not supported", what), reason::kFeatureNotBuilt);
}

absl::Status RefuseUnbuilt(const json& object) {
  for (const std::string_view key : {"do_resize", "do_center_crop", "do_rescale", "do_normalize"}) {
    RUYI_ASSIGN_OR_RETURN(const bool enabled, GetBool(object, key, true));
    if (!enabled)
      return Unsupported(absl::StrFormat("%s = false", key));
  }
  RUYI_ASSIGN_OR_RETURN(const int64_t resample, GetInt(object, "resample", kBicubic));
  return resample == kBicubic ? absl::OkStatus() : Unsupported(absl::StrFormat("resample = %d", resample));
}

absl::Status ReadSide(const json& object, std::string_view group, std::string_view key, int& side) {
  if (!HasValue(object, group))
    return absl::OkStatus();
  const json& sides = object[std::string(group)];
  constexpr int64_t kMaxSide = 4096;
  if (!sides.is_object())
    return absl::FailedPreconditionError(absl::StrFormat("preprocessor config: %s must be an object", group));
  RUYI_ASSIGN_OR_RETURN(const int64_t value, GetInt(sides, key));
  if (value < 1 || value > kMaxSide)
    return absl::FailedPreconditionError(
        absl::StrFormat("preprocessor config: %s.%s is %d, must be 1 to %d", group, key, value, kMaxSide));
  side = static_cast<int>(value);
  return absl::OkStatus();
}

absl::Status ReadColours(const json& object, std::string_view key, std::vector<double>& values) {
  if (!HasValue(object, key))
    return absl::OkStatus();
  const json& list = object[std::string(key)];
  const bool numbers = list.is_array() && list.size() == values.size() &&
                       std::all_of(list.begin(), list.end(), [](const json& item) { return item.is_number(); });
  if (!numbers)
    return absl::FailedPreconditionError(absl::StrFormat("preprocessor config: %s must be three numbers", key));
  values = list.get<std::vector<double>>();
  return absl::OkStatus();
}

// [3] → [3, 1, 1]
at::Tensor PerChannel(const std::vector<double>& values) {
  return at::tensor(values, at::kFloat).view({3, 1, 1});
}

}  // namespace

absl::StatusOr<ClipPreprocessor> ClipPreprocessor::Load(const std::filesystem::path& path) {
  return ParseJsonFile(path, [](const json& object) -> absl::StatusOr<ClipPreprocessor> {
    RUYI_RETURN_IF_ERROR(RefuseUnbuilt(object));
    ClipPreprocessor processor;
    RUYI_RETURN_IF_ERROR(ReadSide(object, "size", "shortest_edge", processor.shortest_edge_));
    RUYI_RETURN_IF_ERROR(ReadSide(object, "crop_size", "height", processor.crop_height_));
    RUYI_RETURN_IF_ERROR(ReadSide(object, "crop_size", "width", processor.crop_width_));
    RUYI_ASSIGN_OR_RETURN(processor.rescale_factor_, GetDouble(object, "rescale_factor", processor.rescale_factor_));
    RUYI_RETURN_IF_ERROR(ReadColours(object, "image_mean", processor.mean_));
    RUYI_RETURN_IF_ERROR(ReadColours(object, "image_std", processor.deviation_));
    if (std::any_of(processor.deviation_.begin(), processor.deviation_.end(), [](double value) { return value <= 0; }))
      return absl::FailedPreconditionError("preprocessor config: image_std must be above 0");
    if (std::max(processor.crop_height_, processor.crop_width_) > processor.shortest_edge_)
      return Unsupported("a crop_size larger than size.shortest_edge");
    return processor;
  });
}

at::Tensor ClipPreprocessor::Process(const RgbImage& image) const {
  const int shorter = std::min(image.width, image.height);
  const auto resized_side = [&](int side) {
    return static_cast<int>(static_cast<double>(shortest_edge_) * side / shorter);
  };
  const RgbImage resized =
      ResizeLikePillow(image, {.width = resized_side(image.width), .height = resized_side(image.height)});
  const at::Tensor cropped = TensorOf(resized)
                                 .narrow(1, (resized.height - crop_height_) / 2, crop_height_)
                                 .narrow(2, (resized.width - crop_width_) / 2, crop_width_);
  const at::Tensor scaled = (cropped.to(at::kDouble) * rescale_factor_).to(at::kFloat);
  return ((scaled - PerChannel(mean_)) / PerChannel(deviation_)).unsqueeze(0);
}

}  // namespace ruyi
