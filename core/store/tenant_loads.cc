#include "core/store/tenant_loads.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/status_macros.h"
#include "core/store/fair_share.h"
#include "core/store/job_quota.h"

namespace ruyi {
namespace {

// Returns the turn of each tenant that may begin a job.
std::map<std::string, int> TurnNumbersOf(const QueueShares& shares, const JobStoreOptions& options) {
  std::map<std::string, int> numbers;
  absl::Duration latest;
  int latest_number = 0;
  for (const Turn& turn : TurnsOf(shares)) {
    const TenantQuota quota = QuotaOf(options, turn.tenant);
    if (quota.running.has_value() && shares.Of(turn.tenant).running.jobs >= *quota.running)
      continue;
    if (numbers.empty() || turn.start > latest)
      latest_number = static_cast<int>(numbers.size()) + 1;
    latest = turn.start;
    numbers[turn.tenant] = latest_number;
  }
  return numbers;
}

// Returns the tenants with jobs, those with the most work that waits first.
std::vector<TenantShare> SharesWithJobs(const QueueShares& shares) {
  std::vector<TenantShare> busy = shares.tenants;
  std::erase_if(busy, [](const TenantShare& share) { return share.waiting.jobs <= 0 && share.running.jobs <= 0; });
  std::sort(busy.begin(), busy.end(), [](const TenantShare& a, const TenantShare& b) {
    return std::tuple(b.waiting.work, b.waiting.jobs, b.running.jobs, a.tenant) <
           std::tuple(a.waiting.work, a.waiting.jobs, a.running.jobs, b.tenant);
  });
  return busy;
}

// Says of those whose device time is limited what they have used of it.
absl::Status AddDeviceUse(const JobTable& table, const JobStoreOptions& options, absl::Time now,
                          const std::vector<TenantShare>& shares, std::vector<TenantLoad>& loads) {
  std::vector<std::string> limited;
  for (const TenantShare& share : shares) {
    if (QuotaOf(options, share.tenant).device_seconds_a_day.has_value())
      limited.push_back(share.tenant);
  }
  if (limited.empty())
    return absl::OkStatus();
  RUYI_ASSIGN_OR_RETURN(JobTable::Uses uses, table.UsesOn(limited, DayOf(now)));
  for (size_t i = 0; i < shares.size(); ++i) {
    const std::optional<int64_t> limit = QuotaOf(options, shares[i].tenant).device_seconds_a_day;
    if (limit.has_value())
      loads[i].device_seconds = DeviceUseOf(*limit, DeviceTimeOfDay(shares[i], uses[shares[i].tenant]));
  }
  return absl::OkStatus();
}

}  // namespace

JobCounts CountsOf(const QueueShares& shares) {
  const JobSum waiting = shares.waiting();
  const JobSum running = shares.running();
  return {.waiting = waiting.jobs,
          .running = running.jobs,
          .predicted_seconds = absl::ToDoubleSeconds(waiting.work + running.work),
          .paused = shares.paused};
}

absl::StatusOr<TenantLoads> TenantLoadsOf(const JobTable& table, const JobStoreOptions& options, absl::Time now,
                                          int most) {
  RUYI_ASSIGN_OR_RETURN(const QueueShares shares, table.Shares());
  std::vector<TenantShare> busy = SharesWithJobs(shares);
  TenantLoads loads = {.tenants = {}, .left_out = 0, .counts = CountsOf(shares)};
  loads.left_out = std::max(static_cast<int>(busy.size()) - most, 0);
  busy.resize(busy.size() - loads.left_out);
  const std::map<std::string, int> turns = TurnNumbersOf(shares, options);
  for (const TenantShare& share : busy) {
    const auto turn = turns.find(share.tenant);
    loads.tenants.push_back({.tenant = share.tenant,
                             .waiting = share.waiting.jobs,
                             .running = share.running.jobs,
                             .waiting_work = share.waiting.work,
                             .turn = turn == turns.end() ? std::nullopt : std::optional(turn->second)});
  }
  RUYI_RETURN_IF_ERROR(AddDeviceUse(table, options, now, busy, loads.tenants));
  return loads;
}

}  // namespace ruyi
