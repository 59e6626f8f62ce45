// Implements ImageEncoder with OpenCV. Used for previews. Stateless; thread-safe.
#pragma once

#include <string>

#include "core/media/image_encoder.h"

namespace ruyi {

class OpencvImageEncoder final : public ImageEncoder {
 public:
  // Sends OpenCV's messages to LogFromLibrary, in the whole process.
  OpencvImageEncoder();

  absl::StatusOr<std::string> EncodeJpeg(const RgbImage& image, int quality) const override;
};

}  // namespace ruyi
