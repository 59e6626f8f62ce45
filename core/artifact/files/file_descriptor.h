// Holds an open file or folder, which is closed with its owner, and reads and locks through it; interrupted calls are
// repeated. Moving it is not thread-safe; the functions may read one file from several threads.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ruyi {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileDescriptor();

  bool is_open() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// Opens `path` with flags of open(2). Returns a descriptor that is not open when there is no such file and `flags` do
// not ask to create it. Other errors: those of DiskError (core/artifact/files/disk_error.h).
absl::StatusOr<FileDescriptor> OpenFile(const std::string& path, int flags);

// Reads `size` bytes from `offset` on into `bytes`; returns how many there were. Blocks on the disk.
absl::StatusOr<size_t> ReadAt(const FileDescriptor& file, int64_t offset, char* bytes, size_t size);

// Reads the whole of `file`. Blocks on the disk.
absl::StatusOr<std::string> ReadWhole(const FileDescriptor& file);

absl::StatusOr<struct stat> StatOf(const FileDescriptor& file);

// Waits until this process alone holds the lock of `file`. The lock ends with the descriptor, or with UnlockFile.
absl::Status LockFile(const FileDescriptor& file);

// Takes the lock of `file` without waiting. Returns false when another process holds it.
bool TryLockFile(const FileDescriptor& file);
void UnlockFile(const FileDescriptor& file);

}  // namespace ruyi
