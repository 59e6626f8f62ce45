#include "core/request/limits.h"

#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <system_error>

#include "absl/algorithm/container.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/error_info.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

using nlohmann::json;

constexpr std::string_view kFileName = "serving.json";

constexpr std::array<std::string_view, 12> kKeys = {
    "model_name",  "base_resolution", "size_multiple", "min_side",       "max_side",         "sizes",
    "frame_count", "frame_multiple",  "steps",         "guidance_scale", "max_start_images", "max_end_images"};

std::string Join(const auto& names) {
  return absl::StrJoin(names, ", ", [](std::string* out, std::string_view name) { out->append(name); });
}

absl::Status CheckKeys(const json& object) {
  for (const auto& [key, value] : object.items()) {
    if (!absl::c_linear_search(kKeys, key)) {
      return absl::InvalidArgumentError(absl::StrFormat("unknown key '%s'; known are %s", key, Join(kKeys)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int> GetAtLeast(int minimum, const json& object, std::string_view key,
                               std::optional<int64_t> fallback = std::nullopt) {
  RUYI_ASSIGN_OR_RETURN(const int64_t value, GetInt(object, key, fallback));
  if (value < minimum || value > std::numeric_limits<int>::max())
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s' is %d; it must be %d to %d", key, value, minimum, std::numeric_limits<int>::max()));
  return static_cast<int>(value);
}

absl::Status ReadAtLeast(int minimum, const json& object, std::string_view key, int& value) {
  RUYI_ASSIGN_OR_RETURN(value, GetAtLeast(minimum, object, key, value));
  return absl::OkStatus();
}

absl::StatusOr<int> GetNumber(const json& object, std::string_view key, int) {
  return GetAtLeast(1, object, key);
}

absl::StatusOr<double> GetNumber(const json& object, std::string_view key, double) {
  return GetDouble(object, key);
}

template <typename T>
absl::StatusOr<Range<T>> ParseRange(const json& object) {
  if (!object.is_object() || object.size() != 3)
    return absl::InvalidArgumentError("must be an object of min, max and default");
  Range<T> range;
  RUYI_ASSIGN_OR_RETURN(range.min, GetNumber(object, "min", T{}));
  RUYI_ASSIGN_OR_RETURN(range.max, GetNumber(object, "max", T{}));
  RUYI_ASSIGN_OR_RETURN(range.default_value, GetNumber(object, "default", T{}));
  if (range.min > range.max || range.default_value < range.min || range.default_value > range.max)
    return absl::InvalidArgumentError("must have min <= default <= max");
  return range;
}

template <typename T>
absl::Status ReadRange(const json& object, std::string_view key, Range<T>& range) {
  if (!HasValue(object, key))
    return absl::OkStatus();
  absl::StatusOr<Range<T>> parsed = ParseRange<T>(*object.find(key));
  if (!parsed.ok())
    return absl::InvalidArgumentError(absl::StrFormat("'%s': %s", key, parsed.status().message()));
  range = *parsed;
  return absl::OkStatus();
}

absl::StatusOr<PixelSize> ParseSize(const json& object) {
  PixelSize size;
  RUYI_ASSIGN_OR_RETURN(size.width, GetNumber(object, "width", 0));
  RUYI_ASSIGN_OR_RETURN(size.height, GetNumber(object, "height", 0));
  return size;
}

absl::Status ReadSizes(const json& object, std::vector<PixelSize>& sizes) {
  if (!HasValue(object, "sizes"))
    return absl::OkStatus();
  const json& list = *object.find("sizes");
  if (!list.is_array())
    return absl::InvalidArgumentError("'sizes' must be a list of objects of width and height");
  sizes.clear();
  for (const json& item : list) {
    const absl::StatusOr<PixelSize> size = ParseSize(item);
    if (!size.ok())
      return WithPrefix(absl::StrFormat("'sizes[%d]'", sizes.size()), size.status());
    sizes.push_back(*size);
  }
  return absl::OkStatus();
}

// Checks what one key alone cannot show: that the defaults and sizes lie on their grids.
absl::Status CheckGrid(const RequestLimits& limits) {
  const auto on_grid = [](int value, int multiple) { return value % multiple == 0; };
  if (!on_grid(limits.frame_count.min, limits.frame_multiple) ||
      !on_grid(limits.frame_count.default_value, limits.frame_multiple) ||
      !on_grid(limits.frame_count.max, limits.frame_multiple)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'frame_count': min, max and default must be multiples of %d", limits.frame_multiple));
  }
  for (const PixelSize& size : limits.sizes) {
    if (!on_grid(size.width, limits.size_multiple) || !on_grid(size.height, limits.size_multiple)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("'sizes': %dx%d is not in multiples of %d", size.width, size.height, limits.size_multiple));
    }
  }
  if (limits.min_side > limits.max_side)
    return absl::InvalidArgumentError("'min_side' is larger than 'max_side'");
  return absl::OkStatus();
}

absl::StatusOr<RequestLimits> ParseLimits(const json& object) {
  RequestLimits limits;
  RUYI_RETURN_IF_ERROR(CheckKeys(object));
  RUYI_ASSIGN_OR_RETURN(limits.model_name, GetString(object, "model_name", limits.model_name));
  RUYI_RETURN_IF_ERROR(ReadRange(object, "base_resolution", limits.base_resolution));
  RUYI_RETURN_IF_ERROR(ReadAtLeast(1, object, "size_multiple", limits.size_multiple));
  RUYI_RETURN_IF_ERROR(ReadAtLeast(1, object, "min_side", limits.min_side));
  RUYI_RETURN_IF_ERROR(ReadAtLeast(1, object, "max_side", limits.max_side));
  RUYI_RETURN_IF_ERROR(ReadSizes(object, limits.sizes));
  RUYI_RETURN_IF_ERROR(ReadRange(object, "frame_count", limits.frame_count));
  RUYI_RETURN_IF_ERROR(ReadAtLeast(1, object, "frame_multiple", limits.frame_multiple));
  RUYI_RETURN_IF_ERROR(ReadRange(object, "steps", limits.steps));
  RUYI_RETURN_IF_ERROR(ReadRange(object, "guidance_scale", limits.guidance_scale));
  RUYI_RETURN_IF_ERROR(ReadAtLeast(1, object, "max_start_images", limits.max_start_images));
  RUYI_RETURN_IF_ERROR(ReadAtLeast(0, object, "max_end_images", limits.max_end_images));
  RUYI_RETURN_IF_ERROR(CheckGrid(limits));
  return limits;
}

}  // namespace

absl::StatusOr<RequestLimits> LoadRequestLimits(const std::filesystem::path& model_folder) {
  const std::filesystem::path path = model_folder / kFileName;
  std::error_code error;
  if (std::filesystem::status(path, error).type() == std::filesystem::file_type::not_found)
    return RequestLimits();
  RUYI_ASSIGN_OR_RETURN(const json object, ReadJsonFile(path));
  absl::StatusOr<RequestLimits> limits = ParseLimits(object);
  if (!limits.ok())
    return absl::InvalidArgumentError(absl::StrFormat("%s: %s", path.string(), limits.status().message()));
  return limits;
}

}  // namespace ruyi
