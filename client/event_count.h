// Counts the events after which a video may have bytes, so that a download that came too early can wait for the next
// one. Before it: JobFollower's watching. After it: JobFollower's downloading, on another thread. Thread-safe.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ruyi::client {

class EventCount {
 public:
  void Increment() {
    absl::MutexLock lock(&mutex_);
    ++count_;
  }

  // Says that no event comes any more.
  void Close() {
    absl::MutexLock lock(&mutex_);
    is_closed_ = true;
  }

  int count() const {
    absl::MutexLock lock(&mutex_);
    return count_;
  }

  // Blocks until more than `seen` events have come; returns false when no further one comes.
  bool AwaitMoreThan(int seen) const {
    absl::MutexLock lock(&mutex_);
    const auto is_over = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return count_ > seen || is_closed_; };
    mutex_.Await(absl::Condition(&is_over));
    return count_ > seen;
  }

 private:
  mutable absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
  bool is_closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace ruyi::client
