// ImageEncoder on OpenCV. Called by whoever shows previews. Stateless; thread-safe.
#pragma once

#include <string>

#include "core/media/image_encoder.h"

namespace ruyi {

class OpencvImageEncoder final : public ImageEncoder {
 public:
  // Sends what OpenCV has to say to LogFromLibrary, in the whole process.
  OpencvImageEncoder();

  absl::StatusOr<std::string> EncodeJpeg(const RgbImage& image, int quality) const override;
};

}  // namespace ruyi
