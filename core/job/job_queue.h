// The jobs that wait for a worker, first come first served, bounded. Before it: the call that accepted the job.
// After it: core/worker. Thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/job/job.h"

namespace ruyi {

class JobQueue {
 public:
  explicit JobQueue(size_t capacity);

  // Appends `job` and reports JobQueued to it, and again to every job whose position changes.
  // RESOURCE_EXHAUSTED QUEUE_FULL with a retry delay: `capacity` jobs wait. UNAVAILABLE DRAINING: closed.
  absl::Status Push(std::shared_ptr<Job> job);

  // Blocks until a job waits, and takes it; nullptr once the queue is closed and empty. Jobs that ended while they
  // waited (cancelled, past their deadline) are reported as JobFailed here and never returned.
  std::shared_ptr<Job> Pop();

  // Says that a popped job has ended; it no longer counts in positions.
  void Done();

  // Refuses further jobs. What waits is still given out.
  void Close();

  size_t waiting() const;
  size_t running() const;

 private:
  // filled in by the implementation
  const size_t capacity_;
  mutable absl::Mutex mutex_;
  std::deque<std::shared_ptr<Job>> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace ruyi
