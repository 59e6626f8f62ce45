// A clock that stands still but for the waits, which take no time and do what a test says. Thread-safe but for the
// setter.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "client/waiter.h"

namespace ruyi::client {

class FakeWaiter final : public Waiter {
 public:
  // Sets the action that is called in each wait, while the client waits; by one thread at a time.
  void MeanwhileDo(std::function<void()> action) { action_ = std::move(action); }

  absl::Time Now() override {
    absl::MutexLock lock(&mutex_);
    return now_;
  }

  void Wait(absl::Duration duration, CancelSource&) override {
    absl::MutexLock lock(&mutex_);
    waits_.push_back(duration);
    now_ += duration;
    if (action_ != nullptr)
      action_();
  }

  std::vector<absl::Duration> waits() {
    absl::MutexLock lock(&mutex_);
    return waits_;
  }

 private:
  std::function<void()> action_;
  absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = absl::UnixEpoch();
  std::vector<absl::Duration> waits_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi::client
