#include "core/media/codecs/picture_checks.h"

#include <string>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

absl::Status TooLarge(const std::string& message) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, message, reason::kImageTooLarge);
}

}  // namespace

absl::Status CheckPictureSize(int64_t width, int64_t height, const ImageLimits& limits) {
  if (width > limits.max_side || height > limits.max_side)
    return TooLarge(
        absl::StrFormat("the picture has %dx%d pixels; at most %d are taken on a side, so send a smaller one", width,
                        height, limits.max_side));
  if (height == 0 || width <= limits.max_pixels / height)
    return absl::OkStatus();
  return TooLarge(absl::StrFormat("the picture has %dx%d pixels; at most %d are taken, so send a smaller one", width,
                                  height, limits.max_pixels));
}

absl::Status DamagedPicture(std::string_view format, std::string_view library_words) {
  const std::string words = library_words.empty() ? "" : absl::StrFormat(" (%s)", library_words);
  return absl::InvalidArgumentError(
      absl::StrFormat("the %s file is damaged or cut off; send the whole file%s", format, words));
}

}  // namespace ruyi
