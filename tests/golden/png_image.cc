#include "tests/golden/png_image.h"

#include <png.h>

#include "absl/strings/str_format.h"

namespace ruyi::golden {
namespace {

absl::Status Damaged(const png_image& image) {
  return absl::DataLossError(absl::StrFormat("PNG: %s", image.message));
}

}  // namespace

absl::StatusOr<RgbImage> ReadPng(std::string_view bytes) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0)
    return Damaged(image);
  image.format = PNG_FORMAT_RGB;
  RgbImage rgb = {.width = static_cast<int>(image.width),
                  .height = static_cast<int>(image.height),
                  .pixels = std::vector<uint8_t>(PNG_IMAGE_SIZE(image))};
  if (png_image_finish_read(&image, nullptr, rgb.pixels.data(), 0, nullptr) == 0)
    return Damaged(image);
  return rgb;
}

}  // namespace ruyi::golden
