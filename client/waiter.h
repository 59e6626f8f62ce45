// Gives the time, and waits between two attempts of a call. Before it: Retrier. After it: the clock of the machine;
// tests use one that does not wait. Thread-safe.
#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/cancel_source.h"

namespace ruyi::client {

class Waiter {
 public:
  virtual ~Waiter() = default;

  virtual absl::Time Now() = 0;

  // Blocks for `duration`, or until `source` is cancelled.
  virtual void Wait(absl::Duration duration, CancelSource& source) = 0;
};

class RealWaiter final : public Waiter {
 public:
  absl::Time Now() override { return absl::Now(); }
  void Wait(absl::Duration duration, CancelSource& source) override { source.WaitFor(duration); }
};

}  // namespace ruyi::client
