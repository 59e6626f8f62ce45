// Knows when the leases that this process has given run out, by a clock that nobody can set. Before it: LocalJobStore.
// Owns nothing; thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"

namespace ruyi {

class LeaseTimes {
 public:
  // `clock` must outlive this object.
  explicit LeaseTimes(const Clock& clock) : clock_(clock) {}

  // Starts a lease, in place of an earlier one on the job.
  void Start(const std::string& job_id, int64_t token, absl::Duration duration);

  // Makes a lease end `duration` from now. Returns false when there is no such lease.
  bool Extend(const std::string& job_id, int64_t token, absl::Duration duration);

  void End(const std::string& job_id, int64_t token);

  // Returns the tokens of the leases that have run out, by job.
  std::map<std::string, int64_t> Expired() const;

 private:
  struct Entry {
    int64_t token = 0;
    absl::Duration until;  // of clock_.Elapsed()
  };

  const Clock& clock_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
