// Decides whose turn it is when several tenants have jobs that wait: start-time fair queueing over the predicted work
// (docs/adr/0021-fair-shares-of-predicted-work.md). Before it: core/store/job_steps.h, which asks it. After it: a
// JobTable, which keeps what each tenant was given. Functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/store/job_table.h"

namespace ruyi {

// A tenant with waiting jobs, and the virtual time at which its next job would begin.
struct Turn {
  std::string tenant;
  absl::Duration start;
};

// Returns the turns of all tenants with waiting jobs, the next one first. Of turns with equal starts the one whose next
// job is older comes first; that is for the caller to look up.
std::vector<Turn> TurnsOf(const QueueShares& shares);

// Returns what a tenant is charged for jobs: what they are predicted to take, and a second each where nothing is known.
absl::Duration ChargeOf(const JobSum& jobs);

// Returns what will be claimed before a job of `tenant` that has the jobs `own` of its tenant before it. It is an
// estimate: of another tenant it knows the sum of the work and not the single jobs, so that it may be off by a job for
// each of them, and it leaves limits of running jobs and jobs that are still to come out of account. Exact where no
// other tenant waits.
JobSum AheadOf(const QueueShares& shares, const std::string& tenant, const JobSum& own);

// Returns the ids of waiting jobs in the order in which they will be claimed if no other comes and no limit of running
// jobs is reached. `jobs` must be in the order of their claim keys.
std::vector<std::string> FairOrder(const QueueShares& shares, const std::vector<WaitingJob>& jobs);

}  // namespace ruyi
