// Time as a dependency, so that tests turn it by hand (tests/support/fake_clock.h). Thread-safe.
#pragma once

#include "absl/time/time.h"

namespace ruyi {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;

  // The machine's clock; lives for ever.
  static const Clock& Real();
};

}  // namespace ruyi
