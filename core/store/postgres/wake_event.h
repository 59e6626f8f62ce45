// Wakes a thread that waits for a socket. A call to Wake is never lost. Before it: PostgresNews. Owns a descriptor.
// Thread-safe; one thread waits.
#pragma once

#include <optional>

#include "absl/time/time.h"

namespace ruyi {

class WakeEvent {
 public:
  WakeEvent();
  WakeEvent(const WakeEvent&) = delete;
  WakeEvent& operator=(const WakeEvent&) = delete;
  ~WakeEvent();

  void Wake();

  // Blocks until Wake is called or `socket` can be read, but no longer than `timeout`.
  void Wait(std::optional<int> socket, absl::Duration timeout);

 private:
  const int descriptor_;
};

}  // namespace ruyi
