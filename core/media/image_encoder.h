// Encodes an RgbImage as a picture file. Before it: the previews of a video that is being made. Implemented by
// core/media/opencv. Thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/media/rgb_image.h"

namespace ruyi {

class ImageEncoder {
 public:
  virtual ~ImageEncoder() = default;

  // Returns a JPEG file of `image`, baseline, with `quality` of 1 (smallest) to 100 (best). INVALID_ARGUMENT: a quality
  // out of that range, a picture without area or with a side over 65500 pixels, or one whose pixels do not fill it;
  // INTERNAL: the library failed. Blocks for the time of the encode.
  virtual absl::StatusOr<std::string> EncodeJpeg(const RgbImage& image, int quality) const = 0;
};

}  // namespace ruyi
