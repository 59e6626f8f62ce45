#include "core/artifact/files/disk_budget.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "absl/strings/str_format.h"
#include "core/artifact/artifact_error.h"
#include "core/artifact/files/disk_error.h"
#include "core/base/status_macros.h"

namespace ruyi {

absl::Status DiskBudget::Reserve(int64_t bytes) {
  RUYI_RETURN_IF_ERROR(CheckFree(bytes));
  return bytes_.Reserve(bytes);
}

absl::Status DiskBudget::Delete(const DiskOperations& disk, const std::string& path) {
  absl::MutexLock lock(&deleting_);
  struct stat state{};
  if (stat(path.c_str(), &state) != 0)
    return errno == ENOENT ? absl::OkStatus() : DiskError(errno, "look at", path);
  RUYI_RETURN_IF_ERROR(disk.Unlink(path));
  if (state.st_nlink == 1)
    Release(state.st_size);
  return absl::OkStatus();
}

absl::Status DiskBudget::CheckFree(int64_t bytes) const {
  if (min_free_bytes_ <= 0)
    return absl::OkStatus();
  struct statvfs disk{};
  if (statvfs(folder_.c_str(), &disk) != 0)
    return DiskError(errno, "look at", folder_);
  const auto free_bytes = static_cast<int64_t>(disk.f_bavail * disk.f_frsize);
  if (free_bytes - bytes >= min_free_bytes_)
    return absl::OkStatus();
  return DiskFull(
      absl::StrFormat("%d bytes do not fit: the disk has %d bytes free, and %d must stay free; delete "
                      "videos, or make room",
                      bytes, free_bytes, min_free_bytes_));
}

}  // namespace ruyi
