// A store in memory that is away when a test wants it, as a database behind a network is. Thread-safe.
#pragma once

#include <atomic>
#include <string>

#include "absl/synchronization/mutex.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/store/local_job_store.h"
#include "core/store/memory/memory_job_table.h"

namespace ruyi {

class FlakyJobStore final : public LocalJobStore {
 public:
  // `clock` must outlive the store.
  FlakyJobStore(JobStoreOptions options, const Clock& clock) : LocalJobStore(options, clock) {}

  // Refuses everything until it is told otherwise.
  void SetAway(bool is_away) { is_away_ = is_away; }

  // Refuses this many changes from now on.
  void GoAwayFor(int changes) { refusals_left_ = changes; }
  int refusals_left() const { return refusals_left_; }

  // Refuses to be looked at so often from now on; leases are looked at when they are renewed.
  void HideFor(int looks) { hidden_looks_left_ = looks; }
  int hidden_looks_left() const { return hidden_looks_left_; }

  // Returns how often it was looked at.
  int looks() const { return looks_; }

  absl::Status Reachable() const override { return is_away_ ? Away() : absl::OkStatus(); }

 private:
  absl::Status WriteRows(WriteKind /*kind*/, Change change) override {
    absl::MutexLock lock(&mutex_);
    if (is_away_)
      return Away();
    if (refusals_left_ == 0)
      return change(table_);
    --refusals_left_;
    return Away();
  }
  absl::Status ViewRows(Look look) const override {
    absl::MutexLock lock(&mutex_);
    ++looks_;
    if (is_away_)
      return Away();
    if (hidden_looks_left_ == 0)
      return look(table_);
    --hidden_looks_left_;
    return Away();
  }
  static absl::Status Away() {
    return WithErrorInfo(absl::UnavailableError("the database is away"),
                         {.reason = std::string(reason::kStoreUnavailable), .retry_delay = absl::Seconds(1)});
  }

  std::atomic<bool> is_away_ = false;
  std::atomic<int> refusals_left_ = 0;
  mutable std::atomic<int> hidden_looks_left_ = 0;
  mutable std::atomic<int> looks_ = 0;
  mutable absl::Mutex mutex_;
  MemoryJobTable table_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
