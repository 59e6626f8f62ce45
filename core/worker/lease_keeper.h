// Keeps a lease alive while its job is being made, and ends the work when the job is cancelled or the lease is lost.
// Before it: core/worker/job_run. After it: the job store. Has a thread of its own. Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "absl/time/time.h"
#include "core/base/cancellation.h"
#include "core/base/wake_up.h"
#include "core/store/job_store.h"

namespace ruyi {

class LeaseKeeper {
 public:
  struct Times {
    absl::Duration lease;  // how long it lasts after it was renewed
    absl::Duration retry;  // after which a store that was away is asked again
  };

  // Renews `lease` at every third of its time, and looks at the job after each of its changes. Cancels `cancellation`
  // with what the store says. All must outlive the keeper.
  LeaseKeeper(JobStore& jobs, const Lease& lease, Times times, CancellationSource& cancellation);

  // Stops renewing; the lease runs out by itself.
  ~LeaseKeeper();

 private:
  void Run();

  JobStore& jobs_;
  const Lease& lease_;
  const Times times_;
  CancellationSource& cancellation_;
  std::atomic<bool> is_over_ = false;
  WakeUp wake_up_;
  std::unique_ptr<Subscription> changes_;
  std::thread thread_;
};

}  // namespace ruyi
