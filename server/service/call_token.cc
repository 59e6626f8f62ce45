#include "server/service/call_token.h"

#include "absl/time/clock.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {

absl::Status CancelledByCaller() {
  return ErrorWithReason(absl::StatusCode::kCancelled, "the caller cancelled the video, or the call that it belongs to",
                         reason::kCancelledByCaller);
}

CancellationSource CancellationOf(const CallContext& caller, const Clock& clock) {
  return CancellationSource(clock.Elapsed() + (caller.deadline - absl::Now()), clock);
}

}  // namespace ruyi
