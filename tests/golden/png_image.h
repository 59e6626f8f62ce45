// Reads the pictures of the golden cases: PNG files of 8-bit RGB, not interlaced. With it ruyi-golden needs no library
// of pictures, as a machine with a GPU may lack one. The files are ours: a damaged one is refused, but checksums are
// not checked. Before it: case_run.h. A function without state; thread-safe. Source: the PNG specification; RFC 1951.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "core/media/rgb_image.h"

namespace ruyi::golden {

// DATA_LOSS: not such a file, or cut short.
absl::StatusOr<RgbImage> ReadPng(std::string_view bytes);

}  // namespace ruyi::golden
