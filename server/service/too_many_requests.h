// Makes the refusal of a call while too many are being worked on. A function without state; thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {

// Returns RESOURCE_EXHAUSTED QUEUE_FULL with a retry delay.
inline absl::Status TooManyRequests() {
  constexpr absl::Duration kRetryDelay = absl::Seconds(1);
  return WithErrorInfo(absl::ResourceExhaustedError("too many requests arrive at once; send the request again later"),
                       {.reason = std::string(reason::kQueueFull), .retry_delay = kRetryDelay});
}

}  // namespace ruyi
