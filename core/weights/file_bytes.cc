#include "core/weights/file_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

std::string ErrnoText() {
  return std::generic_category().message(errno);
}

// A file opened for reading; closed at the end of the scope. A pipe does not block.
class FileDescriptor {
 public:
  explicit FileDescriptor(const std::filesystem::path& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0)
      close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

class CopiedBytes final : public FileBytes {
 public:
  CopiedBytes(std::unique_ptr<char[]> bytes, size_t size) : bytes_(std::move(bytes)), size_(size) {}

  std::string_view bytes() const override { return {bytes_.get(), size_}; }
  absl::Status CheckUnchanged() const override { return absl::OkStatus(); }

 private:
  const std::unique_ptr<char[]> bytes_;
  const size_t size_;
};

class MappedBytes final : public FileBytes {
 public:
  // `begin`: where mmap put the bytes.
  MappedBytes(std::filesystem::path path, FileDescriptor file, const FileState& state, void* begin)
      : path_(std::move(path)), file_(std::move(file)), state_(state), begin_(begin) {}
  MappedBytes(const MappedBytes&) = delete;
  MappedBytes& operator=(const MappedBytes&) = delete;
  ~MappedBytes() override { munmap(begin_, static_cast<size_t>(state_.size)); }

  std::string_view bytes() const override {
    return {static_cast<const char*>(begin_), static_cast<size_t>(state_.size)};
  }

  absl::Status CheckUnchanged() const override {
    const absl::StatusOr<FileState> now = StateOf(file_.get());
    if (now.ok() && *now == state_)
      return absl::OkStatus();
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition,
                           absl::StrFormat("%s was written to while the server uses it, which must be started anew; "
                                           "replace files of a model by renaming new ones over them",
                                           path_.string()),
                           reason::kModelChanged);
  }

 private:
  const std::filesystem::path path_;
  const FileDescriptor file_;
  const FileState state_;
  void* const begin_;
};

absl::StatusOr<std::shared_ptr<const FileBytes>> Map(const std::filesystem::path& path, FileDescriptor file,
                                                     const FileState& state) {
  void* begin = mmap(nullptr, static_cast<size_t>(state.size), PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (begin == MAP_FAILED)
    return absl::ResourceExhaustedError(absl::StrFormat("cannot be mapped: %s", ErrnoText()));
  return std::make_shared<MappedBytes>(path, std::move(file), state, begin);
}

// Returns how many bytes there were, `size` at most.
absl::StatusOr<size_t> ReadInto(const FileDescriptor& file, char* begin, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t count = pread(file.get(), begin + done, size - done, static_cast<off_t>(done));
    if (count < 0 && errno != EINTR)
      return absl::DataLossError(absl::StrFormat("cannot be read: %s", ErrnoText()));
    if (count == 0)
      break;
    done += static_cast<size_t>(std::max<ssize_t>(count, 0));
  }
  return done;
}

absl::StatusOr<std::shared_ptr<const FileBytes>> Copy(const FileDescriptor& file, const FileState& state) {
  const auto size = static_cast<size_t>(state.size);
  std::unique_ptr<char[]> bytes(new (std::nothrow) char[size]);
  if (bytes == nullptr)
    return absl::ResourceExhaustedError(absl::StrFormat("there is no memory for its %d bytes", size));
  RUYI_ASSIGN_OR_RETURN(const size_t read, ReadInto(file, bytes.get(), size));
  RUYI_ASSIGN_OR_RETURN(const FileState after, StateOf(file.get()));
  if (read != size || after != state) {
    return absl::FailedPreconditionError(
        "was written to while it was read; write it under another name and rename it when it is whole");
  }
  return std::make_shared<CopiedBytes>(std::move(bytes), size);
}

absl::StatusOr<FileState> StateIfOpen(const FileDescriptor& file) {
  if (file.get() < 0)
    return absl::NotFoundError(absl::StrFormat("cannot be opened: %s", ErrnoText()));
  return StateOf(file.get());
}

}  // namespace

absl::StatusOr<std::shared_ptr<const FileBytes>> FileBytes::Open(const std::filesystem::path& path) {
  FileDescriptor file(path);
  RUYI_ASSIGN_OR_RETURN(const FileState state, StateIfOpen(file));
  return state.size < kMapFrom ? Copy(file, state) : Map(path, std::move(file), state);
}

absl::StatusOr<std::shared_ptr<const FileBytes>> FileBytes::Read(const std::filesystem::path& path, int64_t max_bytes) {
  const FileDescriptor file(path);
  RUYI_ASSIGN_OR_RETURN(const FileState state, StateIfOpen(file));
  if (state.size > max_bytes) {
    return absl::FailedPreconditionError(
        absl::StrFormat("has %d bytes, which is more than the %d that are read", state.size, max_bytes));
  }
  return Copy(file, state);
}

}  // namespace ruyi
