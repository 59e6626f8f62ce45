// Turns SIGTERM, SIGINT and SIGHUP into calls of a function, on a thread of its own where everything is allowed. There
// may be only one in a process.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace ruyi {

// Leaves SIGTERM, SIGINT and SIGHUP to a SignalWaiter, and ignores SIGPIPE, SIGUSR1 and SIGUSR2, which would otherwise
// end the process. Call it before any thread is started: threads inherit the mask.
void ClaimSignals();

class SignalWaiter {
 public:
  // Calls `on_signal` with the number of each signal that has come since ClaimSignals.
  explicit SignalWaiter(std::function<void(int)> on_signal);

  // A signal that comes now is lost.
  ~SignalWaiter();

 private:
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace ruyi
