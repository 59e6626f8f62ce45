#include "core/base/cancellation.h"

#include <atomic>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {

struct CancellationToken::State {
  explicit State(const Clock& time) : clock(time) {}

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

  absl::Time Deadline() const { return absl::FromUnixNanos(deadline_ns.load(std::memory_order_relaxed)); }

  const Clock& clock;
  std::atomic<bool> ended = false;
  std::atomic<int64_t> deadline_ns = absl::ToUnixNanos(absl::InfiniteFuture());
  absl::Mutex mutex;
  absl::Status why ABSL_GUARDED_BY(mutex);
};

absl::Status CancellationToken::Check() const {
  if (state_ == nullptr)
    return absl::OkStatus();
  if (!state_->ended.load(std::memory_order_acquire) && state_->clock.Now() >= state_->Deadline()) {
    state_->End(ErrorWithReason(absl::StatusCode::kDeadlineExceeded,
                                "the job's time ran out before the video was finished; allow more time, fewer frames "
                                "or fewer steps",
                                reason::kJobTimeout));
  }
  return state_->ended.load(std::memory_order_acquire) ? state_->Why() : absl::OkStatus();
}

CancellationSource::CancellationSource(absl::Time deadline, const Clock& clock)
    : state_(std::make_shared<CancellationToken::State>(clock)) {
  LimitDeadline(deadline);
}

void CancellationSource::Cancel(absl::Status why) {
  token().Check().IgnoreError();  // a deadline that has passed unnoticed came first
  state_->End(std::move(why));
}

void CancellationSource::LimitDeadline(absl::Time deadline) {
  const int64_t wanted = absl::ToUnixNanos(deadline);
  int64_t current = state_->deadline_ns.load(std::memory_order_relaxed);
  while (wanted < current && !state_->deadline_ns.compare_exchange_weak(current, wanted)) {
  }
}

CancellationToken CancellationSource::token() const {
  return CancellationToken(state_);
}

}  // namespace ruyi
