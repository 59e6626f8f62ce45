// Lets the pipeline under test pass one boundary per permit. Thread-safe.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tests/server/patience.h"

namespace ruyi {

class Turnstile {
 public:
  // Waits for a permit and takes it. Gives up after kPatience.
  void Pass() {
    absl::MutexLock lock(&mutex_);
    const auto has_permit = [this] { return permits_ > 0; };
    mutex_.AwaitWithTimeout(absl::Condition(&has_permit), kPatience);
    --permits_;
  }

  void Permit() {
    absl::MutexLock lock(&mutex_);
    ++permits_;
  }

 private:
  absl::Mutex mutex_;
  int permits_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ruyi
