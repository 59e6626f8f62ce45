// The picture that the fakes make: what FakeImageDecoder decodes and FakePipeline shows. Thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "core/media/rgb_image.h"
#include "core/request/generation_request.h"

namespace ruyi {

// Every pixel is (128, 128, 128).
inline RgbImage GreyImage(PixelSize size) {
  RgbImage image = {.width = size.width, .height = size.height, .pixels = {}};
  image.pixels.assign(image.row_bytes() * size.height, 128);
  return image;
}

}  // namespace ruyi
