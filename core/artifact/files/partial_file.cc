#include "core/artifact/files/partial_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/artifact/files/disk_error.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

// Returns a path that no other file of any process has: containers that share a folder may have equal process ids.
std::string FreePath(const std::string& folder) {
  static std::atomic<int64_t> count = 0;
  std::string path;
  do {
    path = absl::StrCat(folder, "/", getpid(), "-", ++count);
  } while (access(path.c_str(), F_OK) == 0);
  return path;
}

// Returns false when another process took the file for abandoned before it was locked.
absl::StatusOr<bool> LockNew(const FileDescriptor& file) {
  RUYI_RETURN_IF_ERROR(LockFile(file));
  RUYI_ASSIGN_OR_RETURN(const struct stat state, StatOf(file));
  return state.st_nlink > 0;
}

}  // namespace

absl::StatusOr<PartialFile> PartialFile::Create(const DiskOperations& disk, DiskBudget& budget,
                                                const std::string& folder) {
  while (true) {
    const std::string path = FreePath(folder);
    RUYI_ASSIGN_OR_RETURN(FileDescriptor file, disk.Create(path, O_RDWR | O_EXCL));
    PartialFile partial(disk, budget, path, std::move(file));
    RUYI_ASSIGN_OR_RETURN(const bool is_ours, LockNew(partial.file_));
    if (is_ours)
      return partial;
  }
}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : disk_(other.disk_),
      budget_(other.budget_),
      writing_(std::move(other.writing_)),
      path_(std::exchange(other.path_, std::string())),
      file_(std::move(other.file_)),
      size_bytes_(other.size_bytes_) {}

PartialFile::~PartialFile() {
  if (path_.empty())
    return;
  if (disk_->Unlink(path_).ok())
    budget_->Release(size_bytes_);
}

absl::Status PartialFile::Write(std::string_view bytes) {
  RUYI_RETURN_IF_ERROR(budget_->Reserve(static_cast<int64_t>(bytes.size())));
  const int64_t offset = size_bytes_;
  size_bytes_ += static_cast<int64_t>(bytes.size());
  return disk_->WriteAt(file_, offset, bytes);
}

absl::Status PartialFile::MoveTo(const std::string& path) {
  RUYI_RETURN_IF_ERROR(disk_->Rename(path_, path));
  path_.clear();
  return absl::OkStatus();
}

absl::Status PartialFile::MoveToFree(const std::string& path) {
  RUYI_ASSIGN_OR_RETURN(const bool is_linked, disk_->Link(path_, path));
  if (!is_linked)
    return MoveTo(path);
  RUYI_RETURN_IF_ERROR(disk_->Unlink(path_));
  path_.clear();
  return absl::OkStatus();
}

absl::Status PartialFile::RemoveAbandoned(const DiskOperations& disk, const std::string& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string path = entry->path().string();
    RUYI_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_RDWR));
    if (file.is_open() && TryLockFile(file))
      RUYI_RETURN_IF_ERROR(disk.Unlink(path));
  }
  return error ? DiskError(error.value(), "list", folder) : absl::OkStatus();
}

}  // namespace ruyi
