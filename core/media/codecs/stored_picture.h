// A picture as its file stores it, in 8 bits: what a codec gives and OpencvImageDecoder turns into an RgbImage. A
// value; safe to read from several threads.
#pragma once

#include <cstdint>
#include <vector>

#include "core/media/codecs/exif_orientation.h"

namespace ruyi {

struct StoredPicture {
  int width = 0;                          // pixels
  int height = 0;                         // pixels
  int channels = 3;                       // 3: red, green and blue; 4: alpha too, which is not multiplied in
  int orientation = kUprightOrientation;  // EXIF: 1 (upright) to 8
  std::vector<uint8_t> pixels;            // [height, width, channels], no padding between rows
};

}  // namespace ruyi
