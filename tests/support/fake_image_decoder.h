// A decoder of pictures that are a line of text. Stands in for core/media/opencv where a request is validated.
// Thread-safe.
#pragma once

#include <string_view>

#include "core/media/image_decoder.h"

namespace ruyi {

class FakeImageDecoder final : public ImageDecoder {
 public:
  // "image 640x480" is a grey picture of 640 by 480 pixels. INVALID_ARGUMENT: anything else; with reason
  // IMAGE_TOO_LARGE: "huge", and what is over `limits`.
  absl::StatusOr<RgbImage> Decode(std::string_view bytes, const ImageLimits& limits) const override;
};

}  // namespace ruyi
