// Reads the bytes of a picture. Before it: a path from the command line. After it: a request, or an upload.
// Thread-safe; blocks on the disk.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace ruyi::client {

// Returns the bytes of the file. The error says what is wrong with the file but not its name: "is a folder", "cannot be
// read: …", "is empty".
absl::StatusOr<std::string> ReadPicture(const std::string& path);

}  // namespace ruyi::client
