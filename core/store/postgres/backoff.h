// Says how long to wait before the next attempt: longer after each failure, and not the same for all, so that servers
// do not come back together. Before it: PostgresPool and PostgresNews. Not thread-safe.
#pragma once

#include <algorithm>

#include "absl/random/random.h"
#include "absl/time/time.h"
#include "core/base/clock.h"

namespace ruyi {

class Backoff {
 public:
  // Begins to wait after a failure.
  void Start() {
    constexpr absl::Duration kFirst = absl::Milliseconds(50);
    constexpr absl::Duration kMost = absl::Seconds(3);
    step_ = std::clamp(2 * step_, kFirst, kMost);
    until_ = Clock::Real().Elapsed() + absl::Uniform(random_, 0.5, 1.0) * step_;
  }

  void Reset() { step_ = until_ = absl::ZeroDuration(); }

  // Returns what is left of the wait.
  absl::Duration Left() const { return std::max(absl::ZeroDuration(), until_ - Clock::Real().Elapsed()); }
  bool IsOver() const { return Left() == absl::ZeroDuration(); }

 private:
  absl::BitGen random_;
  absl::Duration step_;
  absl::Duration until_;  // of the real clock: the network does not know a test's
};

}  // namespace ruyi
