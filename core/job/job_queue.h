// The jobs that wait for a worker, first come first served, bounded; and those being made, so that they can be
// cancelled. Before it: the call that accepted the job. After it: core/worker. Shares the jobs. Thread-safe. Events are
// reported under the queue's lock, which keeps their order: a sink must not call the queue from OnEvent.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/job/job.h"

namespace ruyi {

// UNAVAILABLE DRAINING with a retry delay: this server stops, another one may take the job.
absl::Status DrainingError();

class JobQueue {
 public:
  explicit JobQueue(size_t capacity) : capacity_(capacity) {}

  // Appends `job` and reports JobQueued to it, and again whenever its position changes.
  // RESOURCE_EXHAUSTED QUEUE_FULL with a retry delay: `capacity` jobs wait. UNAVAILABLE DRAINING: closed.
  absl::Status Push(std::shared_ptr<Job> job);

  // Blocks until a job waits, and takes it; nullptr once the queue is closed and empty. A job that ended while it
  // waited is reported as JobFailed and not returned.
  std::shared_ptr<Job> Pop();

  // Says that a popped job has ended; it no longer counts in positions.
  void Done(const Job& job);

  // Ends `job` with `why`: at once, as JobFailed, while it waits; at its next boundary when it is being made.
  void Cancel(Job& job, const absl::Status& why);

  // The same for every job.
  void CancelAll(const absl::Status& why);

  // Refuses further jobs. What waits is still given out.
  void Close();

  // Blocks until no job waits or is being made; false when that takes longer than `timeout`.
  bool AwaitIdle(absl::Duration timeout) const;

  // What the jobs that wait or are being made are predicted to take, one after the other, in seconds. Of those being
  // made all of it counts, for how far they are is not known here.
  double predicted_seconds() const;

  size_t capacity() const { return capacity_; }
  size_t waiting() const;
  size_t running() const;

 private:
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closed_ || !waiting_.empty(); }
  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return running_.empty() && waiting_.empty(); }
  void ReportPositions(size_t first) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t capacity_;
  mutable absl::Mutex mutex_;
  std::deque<std::shared_ptr<Job>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Job>> running_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace ruyi
