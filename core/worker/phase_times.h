// Measures how long each phase of a video takes, by a monotonic clock. Before it: progress of a pipeline. After it:
// estimates and the usage of a video. Not thread-safe.
#pragma once

#include <array>

#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/plan/progress.h"

namespace ruyi {

class PhaseTimes {
 public:
  // Conditioning begins now. `clock` must outlive it.
  explicit PhaseTimes(const Clock& clock) : clock_(clock), begin_(clock.Elapsed()), last_(begin_) {}

  // Counts the time since the last call to the phase that was entered by it, and goes on in `phase`.
  void Enter(Phase phase) {
    const absl::Duration now = clock_.Elapsed();
    times_[static_cast<int>(phase_)] += now - last_;
    last_ = now;
    phase_ = phase;
  }

  absl::Duration Of(Phase phase) const { return times_[static_cast<int>(phase)]; }

  // Returns the time since the beginning.
  absl::Duration Total() const { return clock_.Elapsed() - begin_; }

 private:
  const Clock& clock_;
  const absl::Duration begin_;
  absl::Duration last_;
  Phase phase_ = Phase::kConditioning;
  std::array<absl::Duration, kPhases> times_{};
};

}  // namespace ruyi
