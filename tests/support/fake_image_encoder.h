// An encoder whose JPEGs are texts that tell of the picture. Stands in for core/media/opencv. Stateless; thread-safe.
#pragma once

#include <string>

#include "core/media/image_encoder.h"

namespace ruyi {

class FakeImageEncoder final : public ImageEncoder {
 public:
  // "jpeg 160x80"
  absl::StatusOr<std::string> EncodeJpeg(const RgbImage& image, int /*quality*/) const override {
    return "jpeg " + std::to_string(image.width) + "x" + std::to_string(image.height);
  }
};

}  // namespace ruyi
