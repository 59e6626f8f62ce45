#include "core/worker/lease_keeper.h"

#include <algorithm>
#include <utility>

namespace ruyi {

LeaseKeeper::LeaseKeeper(JobStore& jobs, const Lease& lease, Times times, CancellationSource& cancellation)
    : jobs_(jobs),
      lease_(lease),
      times_(times),
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
    absl::Status status = jobs_.Renew(lease_, times_.lease);
    const bool goes_on = status.ok() || absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
    if (!goes_on)
      return cancellation_.Cancel(std::move(status));
    const absl::Duration next = times_.lease / 3;
    wake_up_.Wait(status.ok() ? next : std::min(next, times_.retry));
  }
}

}  // namespace ruyi
