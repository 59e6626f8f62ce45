// Reads the bytes of a picture. Before it: a path from the command line. After it: a request, or an upload.
// Thread-safe; blocks on the disk.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace ruyi::client {

// The size up to which a picture is read: several times what a server takes unless its operator has allowed more.
inline constexpr size_t kMaxPictureBytes = size_t{64} << 20;

// Returns the bytes of the file, which may be a pipe. The error says what is wrong with the file but not its name: "is
// a folder", "cannot be read: …", "is empty", "has more than 64 MiB, …".
absl::StatusOr<std::string> ReadPicture(const std::string& path);

}  // namespace ruyi::client
