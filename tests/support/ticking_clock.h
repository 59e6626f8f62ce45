// A clock that goes on by a second whenever it is read, so that a deadline ends a job at a poll of the test's choice.
// Stands in for Clock::Real. Thread-safe.
#pragma once

#include <atomic>

#include "absl/time/time.h"
#include "core/base/clock.h"

namespace ruyi {

class TickingClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'700'000'000) + Elapsed(); }

  absl::Time AgingTime() const override { return Now(); }

  absl::Duration Elapsed() const override { return ElapsedAtReading(readings_++); }

  // Returns what reading number `reading` gives, counted from 0.
  static absl::Duration ElapsedAtReading(int reading) { return absl::Seconds(reading); }

  int readings() const { return readings_; }

 private:
  mutable std::atomic<int> readings_ = 0;
};

}  // namespace ruyi
