#include "client/partial_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"

namespace ruyi::client {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kMode = 0666;  // less the umask

fs::path FolderOf(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

absl::Status CheckName(const fs::path& path) {
  if (path.empty())
    return absl::InvalidArgumentError("the name is empty; name a file");
  std::error_code error;
  if (fs::is_directory(path, error) || !path.has_filename())
    return absl::FailedPreconditionError(absl::StrFormat("%s is a folder; name a file", path.string()));
  if (!fs::is_directory(FolderOf(path), error)) {
    return absl::NotFoundError(
        absl::StrFormat("cannot write %s: there is no folder %s", path.string(), FolderOf(path).string()));
  }
  if (fs::exists(path, error) && !fs::is_regular_file(path, error))
    return absl::FailedPreconditionError(absl::StrFormat("%s is no regular file", path.string()));
  return absl::OkStatus();
}

// Returns true when `path` still is the file that was opened, and not one that its writer has renamed meanwhile.
bool IsStillThere(const std::string& path, int descriptor) {
  struct stat opened = {};
  struct stat named = {};
  return fstat(descriptor, &opened) == 0 && stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         S_ISREG(opened.st_mode);
}

// The file's descriptor, locked against other processes.
absl::StatusOr<int> OpenLocked(const std::string& path) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, kMode);
  if (descriptor < 0)
    return absl::ErrnoToStatus(errno, absl::StrFormat("cannot make %s", path));
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0 && IsStillThere(path, descriptor))
    return descriptor;
  close(descriptor);
  return absl::AlreadyExistsError(absl::StrFormat("another process writes %s; take another name", path));
}

absl::StatusOr<int> OpenFor(const std::string& final_path) {
  if (absl::Status status = CheckName(final_path); !status.ok())
    return status;
  return OpenLocked(PartialPath(final_path));
}

}  // namespace

std::string PartialPath(const std::string& final_path) {
  return final_path + ".part";
}

absl::StatusOr<std::unique_ptr<PartialFile>> PartialFile::Create(const std::string& final_path) {
  absl::StatusOr<std::unique_ptr<PartialFile>> file = Reopen(final_path);
  if (file.ok() && ftruncate((*file)->descriptor_, 0) != 0)
    return (*file)->Error("empty");
  return file;
}

absl::StatusOr<std::unique_ptr<PartialFile>> PartialFile::Reopen(const std::string& final_path) {
  const absl::StatusOr<int> descriptor = OpenFor(final_path);
  if (!descriptor.ok())
    return descriptor.status();
  return std::unique_ptr<PartialFile>(new PartialFile(final_path, PartialPath(final_path), *descriptor));
}

PartialFile::PartialFile(std::string final_path, std::string temporary_path, int descriptor)
    : final_path_(std::move(final_path)), temporary_path_(std::move(temporary_path)), descriptor_(descriptor) {}

PartialFile::~PartialFile() {
  if (!stays_)
    unlink(temporary_path_.c_str());  // before the lock goes
  if (descriptor_ >= 0)
    close(descriptor_);
}

absl::Status PartialFile::Error(std::string_view what) const {
  return absl::ErrnoToStatus(errno, absl::StrFormat("cannot %s %s", what, temporary_path_));
}

absl::Status PartialFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR)
      return Error("write");
    bytes.remove_prefix(written < 0 ? 0 : static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status PartialFile::Close() {
  return close(std::exchange(descriptor_, -1)) == 0 ? absl::OkStatus() : Error("close");
}

absl::Status PartialFile::Commit() {
  if (fsync(descriptor_) != 0)
    return Error("flush");
  if (rename(temporary_path_.c_str(), final_path_.c_str()) != 0)
    return absl::ErrnoToStatus(errno, absl::StrFormat("cannot rename %s to %s", temporary_path_, final_path_));
  stays_ = true;
  return Close();
}

}  // namespace ruyi::client
