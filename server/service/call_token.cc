#include "server/service/call_token.h"

#include <chrono>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {

absl::Status CancelledByCaller() {
  return ErrorWithReason(absl::StatusCode::kCancelled, "the caller cancelled the video, or the call that it belongs to",
                         reason::kCancelledByCaller);
}

CancellationSource CancellationOf(const grpc::CallbackServerContext& context, const Clock& clock) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max())
    return CancellationSource(absl::InfiniteDuration(), clock);
  return CancellationSource(clock.Elapsed() + absl::FromChrono(deadline - std::chrono::system_clock::now()), clock);
}

}  // namespace ruyi
