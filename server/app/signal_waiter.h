// SIGTERM and SIGINT as calls of a function, on a thread of its own where everything is allowed. One per process.
#pragma once

#include <functional>
#include <thread>

namespace ruyi {

// Leaves the signals to a SignalWaiter. Call it before any thread is started: threads inherit the mask.
void BlockStopSignals();

class SignalWaiter {
 public:
  // Calls `on_signal` with each signal's number, from those on that came since BlockStopSignals.
  explicit SignalWaiter(std::function<void(int)> on_signal);

  ~SignalWaiter();

 private:
  std::thread thread_;
};

}  // namespace ruyi
