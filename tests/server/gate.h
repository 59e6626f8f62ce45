// A gate at which a thread of the server under test stops until the test lets it go on. Each gate is passed once.
// Thread-safe.
#pragma once

#include "absl/synchronization/mutex.h"
#include "tests/server/patience.h"

namespace ruyi {

class Gate {
 public:
  // The server's side: says that it is here, and waits for Open. Gives up after kPatience.
  void Pass() {
    absl::MutexLock lock(&mutex_);
    reached_ = true;
    mutex_.AwaitWithTimeout(absl::Condition(&open_), kPatience);
  }

  // The test's side: false when nobody came within kPatience.
  bool AwaitReached() {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&reached_), kPatience);
  }

  void Open() {
    absl::MutexLock lock(&mutex_);
    open_ = true;
  }

 private:
  absl::Mutex mutex_;
  bool reached_ ABSL_GUARDED_BY(mutex_) = false;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace ruyi
