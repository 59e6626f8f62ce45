// Pictures for tests: noise of a seed, one colour. Functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <random>

#include "core/media/rgb_image.h"
#include "core/request/generation_request.h"

namespace ruyi {

// Every byte is drawn anew; the same at every call with the same `seed`.
inline RgbImage NoisyImage(PixelSize size, uint32_t seed = 1) {
  std::mt19937 random(seed);
  RgbImage image = {.width = size.width, .height = size.height, .pixels = {}};
  image.pixels.resize(image.row_bytes() * size.height);
  for (uint8_t& byte : image.pixels)
    byte = static_cast<uint8_t>(random());
  return image;
}

inline RgbImage PlainImage(PixelSize size, uint8_t red, uint8_t green, uint8_t blue) {
  RgbImage image = {.width = size.width, .height = size.height, .pixels = {}};
  for (int i = 0; i < size.width * size.height; ++i)
    image.pixels.insert(image.pixels.end(), {red, green, blue});
  return image;
}

}  // namespace ruyi
