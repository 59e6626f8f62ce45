// Says what tenants have in the queue, for those who look after all of them. Before it: TableJobStore. After it: a
// JobTable. Functions without state; thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/store/job_store.h"
#include "core/store/job_table.h"

namespace ruyi {

// Returns what all tenants have together.
JobCounts CountsOf(const QueueShares& shares);

// Does what JobStore::Loads says, of the day that `now` is in, with one look at the queue.
absl::StatusOr<TenantLoads> TenantLoadsOf(const JobTable& table, const JobStoreOptions& options, absl::Time now,
                                          int most);

}  // namespace ruyi
