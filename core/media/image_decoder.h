// Decodes a caller's picture into an RgbImage. Called by core/request while a request is validated; the pictures then
// go to core/plan and core/pipeline. Implemented by core/media/opencv. Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/media/rgb_image.h"

namespace ruyi {

struct ImageLimits {
  int64_t max_bytes = 20 << 20;     // encoded size of one picture
  int64_t max_side = 1'000'000;     // pixels; width and height of one picture, each
  int64_t max_pixels = 50'000'000;  // width × height of one picture
};

class ImageDecoder {
 public:
  virtual ~ImageDecoder() = default;

  // Decodes JPEG, PNG or WebP, recognised by its first bytes. EXIF orientation is applied, alpha is laid over white,
  // 16-bit and grey pictures become 8-bit RGB; of an animated file the first frame is taken. Size and dimensions are
  // checked from the header, before any pixel is decoded. INVALID_ARGUMENT: unknown format, damaged or truncated file;
  // with reason IMAGE_TOO_LARGE: over a limit, or over what the format's library takes. Blocks for the time of the
  // decode.
  virtual absl::StatusOr<RgbImage> Decode(std::string_view bytes, const ImageLimits& limits) const = 0;
};

}  // namespace ruyi
