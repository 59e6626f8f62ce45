#include "core/artifact/byte_budget.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "core/artifact/artifact_error.h"
#include "core/base/status_macros.h"

namespace ruyi {

ByteBudget::Writing::Writing(ByteBudget& budget) : budget_(&budget) {
  absl::MutexLock lock(&budget_->mutex_);
  ++budget_->writing_;
}

ByteBudget::Writing::~Writing() {
  if (budget_ == nullptr)
    return;
  absl::MutexLock lock(&budget_->mutex_);
  --budget_->writing_;
  ++budget_->changes_;
}

absl::Status ByteBudget::Reserve(int64_t bytes) {
  absl::MutexLock lock(&mutex_);
  if (max_bytes_.has_value() && bytes > *max_bytes_ - used_bytes_) {
    return DiskFull(
        absl::StrFormat("%d bytes do not fit: %d of the %d that files may take are taken; delete videos, or "
                        "give them more room",
                        bytes, used_bytes_, *max_bytes_));
  }
  used_bytes_ += bytes;
  ++changes_;
  return absl::OkStatus();
}

void ByteBudget::Release(int64_t bytes) {
  absl::MutexLock lock(&mutex_);
  used_bytes_ = std::max<int64_t>(0, used_bytes_ - bytes);
  ++changes_;
}

absl::Status ByteBudget::Recount(const std::function<absl::StatusOr<int64_t>()>& count) {
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

int64_t ByteBudget::used_bytes() const {
  absl::MutexLock lock(&mutex_);
  return used_bytes_;
}

}  // namespace ruyi
