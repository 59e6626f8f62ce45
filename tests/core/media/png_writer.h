// Makes PNG files of every kind that libpng writes, for the decoder's tests. Functions without state; thread-safe.
#pragma once

#include <png.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ruyi {

struct PngPicture {
  uint32_t width = 1;
  uint32_t height = 1;
  int bit_depth = 8;
  int colour_type = PNG_COLOR_TYPE_GRAY;
  bool is_interlaced = false;
  std::vector<uint16_t> samples;  // [height, width, channels], in the bit depth
  std::optional<png_color_16> transparent;
  std::vector<png_color> palette;
  std::vector<uint8_t> palette_alpha;
};

// The file of `picture`. Fails the test when libpng refuses it.
std::string WritePng(const PngPicture& picture);

}  // namespace ruyi
