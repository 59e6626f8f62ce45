// Keeps times from going back: the latest that a process has written or read. Whoever has read a record of another
// process writes no earlier time into it. Before it: PostgresJobTable. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace ruyi {

class TimeFloor {
 public:
  // Returns `nanos`, or the latest time so far when that is later.
  int64_t Raise(int64_t nanos) {
    int64_t latest = latest_;
    while (latest < nanos && !latest_.compare_exchange_weak(latest, nanos)) {
    }
    return latest < nanos ? nanos : latest;
  }

 private:
  std::atomic<int64_t> latest_ = INT64_MIN;
};

}  // namespace ruyi
