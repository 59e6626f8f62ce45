// Holds what a file's metadata say about its content: two equal states mean the same bytes, unless somebody set the
// time by hand. Before it: a path, or a file that is open. After it: file_bytes.h, core/lora and model_digest.h. A
// value; thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>

#include "absl/status/statusor.h"

namespace ruyi {

struct FileState {
  uint64_t inode = 0;
  int64_t size = 0;      // bytes
  int64_t mtime_ns = 0;  // since 1970
  friend bool operator==(const FileState&, const FileState&) = default;
};

// Returns the state of the file at `path`. NOT_FOUND: there is no such file, or it cannot be looked at. DATA_LOSS: it
// is no regular file. Blocks on the disk.
absl::StatusOr<FileState> StateOf(const std::filesystem::path& path);

// Returns the state of an open file.
absl::StatusOr<FileState> StateOf(int descriptor);

// Returns false as long as another write could leave `state` as it is: clocks of file systems tick slowly.
bool IsSettled(const FileState& state);

}  // namespace ruyi
