// An 8-bit RGB picture in memory: what the decoder gives, the pipeline reads and writes, and the encoder takes.
// A value; safe to read from several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ruyi {

struct RgbImage {
  int width = 0;                // pixels
  int height = 0;               // pixels
  std::vector<uint8_t> pixels;  // [height, width, 3], sRGB, no padding between rows

  size_t row_bytes() const { return static_cast<size_t>(width) * 3; }
};

}  // namespace ruyi
