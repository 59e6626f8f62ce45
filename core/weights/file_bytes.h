// Holds the bytes of one file, copied into memory, or mapped when the file is large. Before it: a path. After it:
// safetensors_file.h. Mapped bytes change when somebody writes into the file, and the process is killed when somebody
// cuts the file short: CheckUnchanged finds that out before, most of the time. Immutable; thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/weights/file_state.h"

namespace ruyi {

class FileBytes {
 public:
  static constexpr int64_t kMapFrom = int64_t{64} << 20;  // bytes

  // Maps a file of kMapFrom bytes or more and copies a smaller one. Errors: those of Read, but for the limit. Blocks on
  // the disk.
  static absl::StatusOr<std::shared_ptr<const FileBytes>> Open(const std::filesystem::path& path);

  // Copies the file. NOT_FOUND: it cannot be opened. DATA_LOSS: it is no regular file, or cannot be read.
  // FAILED_PRECONDITION: it has more than `max_bytes`, or was written to meanwhile. RESOURCE_EXHAUSTED: there is no
  // memory for it. Blocks on the disk.
  static absl::StatusOr<std::shared_ptr<const FileBytes>> Read(const std::filesystem::path& path, int64_t max_bytes);

  virtual ~FileBytes() = default;

  virtual std::string_view bytes() const = 0;

  // Returns FAILED_PRECONDITION with reason MODEL_CHANGED when the file is mapped, and was written to or cut short
  // since. A file that was deleted, or replaced by renaming another over it, is as it was. Blocks on the disk for a
  // moment.
  virtual absl::Status CheckUnchanged() const = 0;
};

}  // namespace ruyi
