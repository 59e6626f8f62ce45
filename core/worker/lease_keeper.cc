#include "core/worker/lease_keeper.h"

#include <utility>

namespace ruyi {

LeaseKeeper::LeaseKeeper(JobStore& jobs, const Lease& lease, absl::Duration duration, CancellationSource& cancellation)
    : jobs_(jobs),
      lease_(lease),
      duration_(duration),
      cancellation_(cancellation),
      changes_(jobs.Subscribe(lease.job_id, [this] { wake_up_.Wake(); })),
      thread_([this] { Run(); }) {}

LeaseKeeper::~LeaseKeeper() {
  changes_.reset();
  is_over_ = true;
  wake_up_.Wake();
  thread_.join();
}

// A store that does not answer now may answer before the lease runs out: only what it says ends the work.
void LeaseKeeper::Run() {
  while (!is_over_) {
    absl::Status status = jobs_.Renew(lease_, duration_);
    const bool goes_on = status.ok() || absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
    if (!goes_on)
      return cancellation_.Cancel(std::move(status));
    wake_up_.Wait(duration_ / 3);
  }
}

}  // namespace ruyi
