#include "core/base/cancellation.h"

#include <atomic>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {

struct CancellationToken::State {
  State(absl::Duration time, const Clock& source) : clock(source), deadline(time) {}

  void End(absl::Status cause) {
    absl::MutexLock lock(&mutex);
    if (why.ok()) {
      why = std::move(cause);
      ended.store(true, std::memory_order_release);
    }
  }

  absl::Status Why() {
    absl::MutexLock lock(&mutex);
    return why;
  }

  const Clock& clock;
  std::atomic<bool> ended = false;
  const absl::Duration deadline;
  absl::Mutex mutex;
  absl::Status why ABSL_GUARDED_BY(mutex);
};

absl::Status CancellationToken::Check() const {
  if (state_ == nullptr)
    return absl::OkStatus();
  if (!state_->ended.load(std::memory_order_acquire) && state_->clock.Elapsed() >= state_->deadline) {
    state_->End(ErrorWithReason(absl::StatusCode::kDeadlineExceeded,
                                "the job's time ran out before the video was finished; allow more time, fewer frames "
                                "or fewer steps",
                                reason::kJobTimeout));
  }
  return state_->ended.load(std::memory_order_acquire) ? state_->Why() : absl::OkStatus();
}

CancellationSource::CancellationSource(absl::Duration deadline, const Clock& clock)
    : state_(std::make_shared<CancellationToken::State>(deadline, clock)) {}

void CancellationSource::Cancel(absl::Status why) {
  token().Check().IgnoreError();  // a deadline that has passed unnoticed came first
  state_->End(std::move(why));
}

CancellationToken CancellationSource::token() const {
  return CancellationToken(state_);
}

}  // namespace ruyi
