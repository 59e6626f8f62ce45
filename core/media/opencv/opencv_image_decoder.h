// Implements ImageDecoder with the codecs, and with OpenCV for the steps after them: laying alpha over white, and
// turning upright. Called by core/request. Stateless; thread-safe.
#pragma once

#include <string_view>

#include "core/media/image_decoder.h"

namespace ruyi {

class OpencvImageDecoder final : public ImageDecoder {
 public:
  // Sends OpenCV's messages to LogFromLibrary, in the whole process.
  OpencvImageDecoder();

  absl::StatusOr<RgbImage> Decode(std::string_view bytes, const ImageLimits& limits) const override;
};

}  // namespace ruyi
