// A stream that is under way, as the registry sees it. Implemented by pulled_stream.h. Thread-safe.
#pragma once

#include "absl/status/status.h"

namespace ruyi {

class OpenStream {
 public:
  virtual ~OpenStream() = default;

  // Looks for what other processes have changed, and sends a heartbeat where one is due.
  virtual void Tick() = 0;

  // Ends the call with `why` once nothing is left to send; what is in the stores by then is still sent.
  virtual void EndWhenDry(const absl::Status& why) = 0;

  // Ends the call with `why` as soon as what is being written is written; the job is not touched.
  virtual void End(const absl::Status& why) = 0;
};

}  // namespace ruyi
