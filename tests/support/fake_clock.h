// A clock that stands still until a test turns it. Stands in for Clock::Real. Thread-safe.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"

namespace ruyi {

class FakeClock final : public Clock {
 public:
  absl::Time Now() const override;
  absl::Duration Elapsed() const override;
  absl::Time AgingTime() const override;

  // Lets time pass. Never blocks.
  void Advance(absl::Duration duration);

  // Sets the time of day, as an administrator does, while no time passes. Never blocks.
  void StepWall(absl::Duration duration);

 private:
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = absl::FromUnixSeconds(1'700'000'000);
  absl::Duration elapsed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
