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

  // Returns the time by which what is kept gets old. It begins as the time of day and then goes on evenly, however that
  // is set; only differences of two such times, and those that were kept by an earlier process, mean anything.
  virtual absl::Time AgingTime() const = 0;

  // Returns the machine's clocks. The object lives for ever.
  static const Clock& Real();
};

}  // namespace ruyi
