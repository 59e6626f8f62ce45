#include "core/artifact/files/file_descriptor.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "core/artifact/files/disk_error.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr mode_t kOwnerOnly = 0600;

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (is_open())
    close(descriptor_);
}

absl::StatusOr<FileDescriptor> OpenFile(const std::string& path, int flags) {
  while (true) {
    FileDescriptor file(open(path.c_str(), flags | O_CLOEXEC, kOwnerOnly));
    if (file.is_open() || (errno == ENOENT && (flags & O_CREAT) == 0))
      return file;
    if (errno != EINTR)
      return DiskError(errno, "open", path);
  }
}

absl::StatusOr<size_t> ReadAt(const FileDescriptor& file, int64_t offset, char* bytes, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t count = pread(file.get(), bytes + done, size - done, offset + static_cast<int64_t>(done));
    if (count == 0)
      break;
    if (count < 0 && errno != EINTR)
      return DiskError(errno, "read", "a file");
    if (count > 0)
      done += static_cast<size_t>(count);
  }
  return done;
}

absl::StatusOr<std::string> ReadWhole(const FileDescriptor& file) {
  RUYI_ASSIGN_OR_RETURN(const struct stat state, StatOf(file));
  std::string bytes(static_cast<size_t>(state.st_size), '\0');
  RUYI_ASSIGN_OR_RETURN(const size_t size, ReadAt(file, 0, bytes.data(), bytes.size()));
  bytes.resize(size);
  return bytes;
}

absl::StatusOr<struct stat> StatOf(const FileDescriptor& file) {
  struct stat state{};
  if (fstat(file.get(), &state) != 0)
    return DiskError(errno, "look at", "a file");
  return state;
}

absl::Status LockFile(const FileDescriptor& file) {
  while (flock(file.get(), LOCK_EX) != 0) {
    if (errno != EINTR)
      return DiskError(errno, "lock", "a file");
  }
  return absl::OkStatus();
}

bool TryLockFile(const FileDescriptor& file) {
  return flock(file.get(), LOCK_EX | LOCK_NB) == 0;
}

void UnlockFile(const FileDescriptor& file) {
  flock(file.get(), LOCK_UN);
}

}  // namespace ruyi
