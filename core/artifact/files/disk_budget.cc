#include "core/artifact/files/disk_budget.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_format.h"
#include "core/artifact/files/disk_error.h"
#include "core/base/status_macros.h"

namespace ruyi {

DiskBudget::Writing::Writing(DiskBudget& budget) : budget_(&budget) {
  absl::MutexLock lock(&budget_->mutex_);
  ++budget_->writing_;
}

DiskBudget::Writing::~Writing() {
  if (budget_ == nullptr)
    return;
  absl::MutexLock lock(&budget_->mutex_);
  --budget_->writing_;
  ++budget_->changes_;
}

absl::Status DiskBudget::Reserve(int64_t bytes) {
  RUYI_RETURN_IF_ERROR(CheckFree(bytes));
  absl::MutexLock lock(&mutex_);
  if (limits_.max_bytes.has_value() && bytes > *limits_.max_bytes - used_bytes_) {
    return DiskFull(
        absl::StrFormat("%d bytes do not fit: %d of the %d that files may take are taken; delete videos, or "
                        "give them more room",
                        bytes, used_bytes_, *limits_.max_bytes));
  }
  used_bytes_ += bytes;
  ++changes_;
  return absl::OkStatus();
}

void DiskBudget::Release(int64_t bytes) {
  absl::MutexLock lock(&mutex_);
  used_bytes_ = std::max<int64_t>(0, used_bytes_ - bytes);
  ++changes_;
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

absl::Status DiskBudget::Recount(const std::function<absl::StatusOr<int64_t>()>& count) {
  int64_t changes = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (writing_ > 0)
      return absl::OkStatus();
    changes = changes_;
  }
  RUYI_ASSIGN_OR_RETURN(const int64_t bytes, count());
  absl::MutexLock lock(&mutex_);
  if (changes == changes_ && writing_ == 0)
    used_bytes_ = bytes;
  return absl::OkStatus();
}

int64_t DiskBudget::used_bytes() const {
  absl::MutexLock lock(&mutex_);
  return used_bytes_;
}

absl::Status DiskBudget::CheckFree(int64_t bytes) const {
  if (limits_.min_free_bytes <= 0)
    return absl::OkStatus();
  struct statvfs disk{};
  if (statvfs(folder_.c_str(), &disk) != 0)
    return DiskError(errno, "look at", folder_);
  const auto free_bytes = static_cast<int64_t>(disk.f_bavail * disk.f_frsize);
  if (free_bytes - bytes >= limits_.min_free_bytes)
    return absl::OkStatus();
  return DiskFull(
      absl::StrFormat("%d bytes do not fit: the disk has %d bytes free, and %d must stay free; delete "
                      "videos, or make room",
                      bytes, free_bytes, limits_.min_free_bytes));
}

}  // namespace ruyi
