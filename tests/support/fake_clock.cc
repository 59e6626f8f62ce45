#include "tests/support/fake_clock.h"

namespace ruyi {

absl::Time FakeClock::Now() const {
  absl::MutexLock lock(&mutex_);
  return now_;
}

absl::Duration FakeClock::Elapsed() const {
  absl::MutexLock lock(&mutex_);
  return elapsed_;
}

absl::Time FakeClock::AgingTime() const {
  return absl::FromUnixSeconds(1'600'000'000) + Elapsed();
}

void FakeClock::Advance(absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  now_ += duration;
  elapsed_ += duration;
}

void FakeClock::StepWall(absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  now_ += duration;
}

}  // namespace ruyi
