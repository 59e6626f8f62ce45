// Makes JPEG files of kinds that OpenCV does not write, with libjpeg, for the decoder's tests. Functions without state;
// thread-safe.
#pragma once

#include <string>

#include "core/media/rgb_image.h"

namespace ruyi {

enum class JpegScans { kOne, kOneForEachComponent, kProgressive };

struct JpegKind {
  JpegScans scans = JpegScans::kOne;
  bool is_arithmetic = false;
  int restart_rows = 0;  // rows of blocks between restart markers; 0: none
};

// The file of `image`, quality 90.
std::string WriteJpeg(const RgbImage& image, const JpegKind& kind);

// Writes one row of pixels in C, M, Y, K, stored as the ink, or as its absence with Adobe's marker.
std::string WriteCmykJpeg(const std::string& row, bool with_adobe_marker);

}  // namespace ruyi
