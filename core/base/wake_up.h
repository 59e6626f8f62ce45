// Wakes a thread that waits: for work, for a change, for its end. A call to Wake is never lost: one that comes while
// nobody waits ends the next wait at once. Measures with the monotonic clock. Thread-safe; one thread waits.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace ruyi {

class WakeUp {
 public:
  void Wake() {
    {
      const std::lock_guard lock(mutex_);
      is_awake_ = true;
    }
    woken_.notify_one();
  }

  // Blocks until Wake is called, but no longer than `timeout`.
  void Wait(absl::Duration timeout) {
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, absl::ToChronoNanoseconds(timeout), [this] { return is_awake_; });
    is_awake_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  bool is_awake_ = false;
};

}  // namespace ruyi
