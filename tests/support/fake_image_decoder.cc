#include "tests/support/fake_image_decoder.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/support/grey_image.h"

namespace ruyi {
namespace {

std::optional<PixelSize> ParseSize(absl::string_view text) {
  PixelSize size;
  if (!absl::ConsumePrefix(&text, "image "))
    return std::nullopt;
  const std::vector<absl::string_view> sides = absl::StrSplit(text, 'x');
  if (sides.size() != 2 || !absl::SimpleAtoi(sides[0], &size.width) || !absl::SimpleAtoi(sides[1], &size.height))
    return std::nullopt;
  return size;
}

absl::Status TooLarge() {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, "the picture is too large; send a smaller one",
                         reason::kImageTooLarge);
}

}  // namespace

absl::StatusOr<RgbImage> FakeImageDecoder::Decode(std::string_view bytes, const ImageLimits& limits) const {
  if (bytes == "huge" || static_cast<int64_t>(bytes.size()) > limits.max_bytes)
    return TooLarge();
  const std::optional<PixelSize> size = ParseSize(absl::string_view(bytes.data(), bytes.size()));
  if (!size.has_value())
    return absl::InvalidArgumentError("not a picture; send 'image WxH'");
  if (int64_t{size->width} * size->height > limits.max_pixels)
    return TooLarge();
  return GreyImage(*size);
}

}  // namespace ruyi
