// Compares what a tenant has and asks for with its quota of jobs. Before it: core/store/job_steps.h and
// core/store/tenant_loads.h. After it: a JobTable. Functions without state; thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/store/job_store.h"
#include "core/store/job_table.h"

namespace ruyi {

// The time after which a queue that was full may have room.
inline constexpr absl::Duration kQueueRetryDelay = absl::Seconds(5);

// Returns the tenant's quota: no limits where `options` have no quotas.
TenantQuota QuotaOf(const JobStoreOptions& options, const std::string& tenant);

// Returns what a quota of device seconds counts of a day on which the tenant has used `use`: of jobs that have ended,
// and predicted of the others.
absl::Duration DeviceTimeOfDay(const TenantShare& share, const DayUse& use);

// Returns what the tenant has used of `limit` device seconds, where that is `used`.
QuotaUse DeviceUseOf(int64_t limit, absl::Duration used);

// A job that a tenant would like to have.
struct WantedJob {
  std::string tenant;
  absl::Duration work;  // predicted; zero where it is not known yet
  absl::Time now;
};

// Returns OK where the quota of the tenant in `options` has room for the job. RESOURCE_EXHAUSTED QUOTA_EXCEEDED.
absl::Status CheckJobQuota(const JobTable& table, const JobStoreOptions& options, const QueueShares& shares,
                           const WantedJob& wanted);

}  // namespace ruyi
