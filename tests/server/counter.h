// Counts what happens on other threads, for a test to wait for. Thread-safe.
#pragma once

#include "absl/synchronization/mutex.h"
#include "tests/server/patience.h"

namespace ruyi {

class Counter {
 public:
  void Increment() {
    absl::MutexLock lock(&mutex_);
    ++value_;
  }

  int value() const {
    absl::MutexLock lock(&mutex_);
    return value_;
  }

  // Blocks until the count is `wanted` or more; false when that takes longer than kPatience.
  bool Await(int wanted) const {
    absl::MutexLock lock(&mutex_);
    const auto is_enough = [&] { return value_ >= wanted; };
    return mutex_.AwaitWithTimeout(absl::Condition(&is_enough), kPatience);
  }

 private:
  mutable absl::Mutex mutex_;
  int value_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ruyi
