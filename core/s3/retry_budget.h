// Bounds how often requests are sent again: while a server is away, most requests fail at once instead of each waiting
// for it. Each further attempt takes one from the budget, each success gives one back. Thread-safe.
#pragma once

#include <algorithm>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace ruyi {

class RetryBudget {
 public:
  static constexpr int kMostRetries = 12;

  // Returns whether there may be one more attempt, and takes it.
  bool Take() {
    absl::MutexLock lock(&mutex_);
    if (left_ == 0)
      return false;
    --left_;
    return true;
  }

  void OnSuccess() {
    absl::MutexLock lock(&mutex_);
    left_ = std::min(kMostRetries, left_ + 1);
  }

  // Returns how long to wait before the attempt after `attempt`, which counts from 1: a random time, up to one that
  // doubles each time.
  absl::Duration WaitAfter(int attempt) {
    constexpr absl::Duration kFirst = absl::Milliseconds(200);
    constexpr absl::Duration kLongest = absl::Seconds(5);
    const absl::Duration most = std::min(kLongest, kFirst * (1 << std::min(attempt - 1, 8)));
    absl::MutexLock lock(&mutex_);
    return absl::Milliseconds(absl::Uniform<int64_t>(random_, 1, absl::ToInt64Milliseconds(most) + 1));
  }

 private:
  absl::Mutex mutex_;
  int left_ ABSL_GUARDED_BY(mutex_) = kMostRetries;
  absl::BitGen random_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
