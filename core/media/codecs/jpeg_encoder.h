// Implements ImageEncoder with TurboJPEG. Used for previews. Stateless; thread-safe.
#pragma once

#include <string>

#include "core/media/image_encoder.h"

namespace ruyi {

class JpegEncoder final : public ImageEncoder {
 public:
  absl::StatusOr<std::string> EncodeJpeg(const RgbImage& image, int quality) const override;
};

}  // namespace ruyi
