// Reads the pictures of the golden cases, which are PNG files of 8-bit RGB, with libpng alone: a machine with a GPU may
// lack OpenCV. Before it: case_run.h. A function without state; thread-safe.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "core/media/rgb_image.h"

namespace ruyi::golden {

// DATA_LOSS: not such a file, or cut short.
absl::StatusOr<RgbImage> ReadPng(std::string_view bytes);

}  // namespace ruyi::golden
