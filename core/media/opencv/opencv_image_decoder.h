// ImageDecoder on OpenCV's codecs. Called by core/request. Stateless; thread-safe.
#pragma once

#include <string_view>

#include "core/media/image_decoder.h"

namespace ruyi {

class OpencvImageDecoder final : public ImageDecoder {
 public:
  absl::StatusOr<RgbImage> Decode(std::string_view bytes, const ImageLimits& limits) const override;
};

}  // namespace ruyi
