// A thread that calls a function at a steady interval, until it is destroyed. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/time/time.h"

namespace ruyi {

class Ticker {
 public:
  // Calls `tick` every `interval`, measured by a steady clock: absl's waits follow the wall clock, and a jump of it
  // would stop the ticks.
  Ticker(absl::Duration interval, std::function<void()> tick);

  ~Ticker();

 private:
  // Blocks for `interval` or until the ticker is to end; returns true when it is to end.
  bool AwaitStop(absl::Duration interval);

  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace ruyi
