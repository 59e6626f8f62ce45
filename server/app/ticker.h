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
  // The interval is that of a steady clock: absl's waits follow the wall clock, and a jump of it would stop the ticks.
  Ticker(absl::Duration interval, std::function<void()> tick);

  ~Ticker();

 private:
  // Blocks; whether the ticker is to end.
  bool AwaitStop(absl::Duration interval);

  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace ruyi
