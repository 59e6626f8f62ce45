// Does two pieces of work at the same time, on two threads of one process, each on its own device. Before it:
// core/pipeline/ruyi, for the two branches of guidance. Owns the second thread. Not thread-safe: belongs to the thread
// that computes.
#pragma once

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace ruyi {

class Pair {
 public:
  // Starts the second thread.
  Pair();
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair();

  // Runs `here` on this thread and `beside` on the second one, both without gradients. Blocks until both have returned.
  // Returns the status of `here`, or if that is OK the status of `beside`. Exceptions become a status, see
  // GuardExceptions.
  absl::Status Run(const std::function<absl::Status()>& here, const std::function<absl::Status()>& beside);

 private:
  void Work();
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stop_ || work_ != nullptr; }
  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return work_ == nullptr; }

  absl::Mutex mutex_;
  const std::function<absl::Status()>* work_ ABSL_GUARDED_BY(mutex_) = nullptr;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace ruyi
