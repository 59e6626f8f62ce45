// Makes one picture of a few frames of a finished MP4. Before it: the file that generate has written. After it: a PNG
// file. Thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace ruyi::client {

// Returns the bytes of a PNG with up to 8 frames of the file, evenly spaced, the first and the last among them: 4 in a
// row, at their own size, 4 pixels apart. Reads the file twice. DATA_LOSS: the file is no video.
absl::StatusOr<std::string> MakeContactSheet(const std::string& video_path);

}  // namespace ruyi::client
