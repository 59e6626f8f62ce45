// Cancels the work on a job: the source (held by whoever may cancel) and the token (polled at the boundaries of
// the work). The token also ends when its deadline passes. Both share one state; the first cause wins and stays.
// Thread-safe.
#pragma once

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/clock.h"

namespace ruyi {

class CancellationToken {
 public:
  // A token that never ends.
  CancellationToken() = default;

  // Returns OK while the work may go on; else says why it must stop: the status given to Cancel, or DEADLINE_EXCEEDED
  // with reason JOB_TIMEOUT. Costs an atomic load and a clock read; never blocks.
  absl::Status Check() const;

 private:
  friend class CancellationSource;
  struct State;
  explicit CancellationToken(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

class CancellationSource {
 public:
  // The token ends when `clock.Elapsed()` reaches `deadline`. `clock` must outlive every token.
  explicit CancellationSource(absl::Duration deadline = absl::InfiniteDuration(), const Clock& clock = Clock::Real());

  // Ends every token with `why` (not OK). Later calls change nothing.
  void Cancel(absl::Status why);

  CancellationToken token() const;

 private:
  std::shared_ptr<CancellationToken::State> state_;
};

}  // namespace ruyi
