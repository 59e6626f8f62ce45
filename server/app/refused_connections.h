// Logs connections that were closed because they went over a limit: the first one at once, and the number of those that
// came since then once in a while, for thousands may come in a second. Before it: server/wire/connection_guard.h. After
// it: log.h. Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"

namespace ruyi {

class RefusedConnections {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(10);  // between two lines of the log

  // `clock` must outlive it.
  explicit RefusedConnections(const Clock& clock) : clock_(clock) {}

  // Takes note of one.
  void Add(std::string_view why);

 private:
  const Clock& clock_;
  absl::Mutex mutex_;
  absl::Duration next_line_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
  int64_t untold_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ruyi
