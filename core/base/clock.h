// Gives the time as a dependency, so that tests can turn it by hand (tests/support/fake_clock.h). Thread-safe.
#pragma once

#include "absl/time/time.h"

namespace ruyi {

class Clock {
 public:
  virtual ~Clock() = default;

  // Returns the time of day, for people and for records. It can be set, and then jumps either way: never measure with
  // it.
  virtual absl::Time Now() const = 0;

  // Returns the time since some moment of this process; it only grows. Durations, deadlines and leases are measured
  // with it.
  virtual absl::Duration Elapsed() const = 0;

  // Returns the machine's clocks. The object lives for ever.
  static const Clock& Real();
};

}  // namespace ruyi
