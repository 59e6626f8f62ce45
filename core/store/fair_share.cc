#include "core/store/fair_share.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace ruyi {
namespace {

constexpr absl::Duration kLeastCharge = absl::Seconds(1);

absl::Duration StartOf(const TenantShare& share, const QueueShares& shares) {
  return std::max(share.served, shares.now);
}

// Returns those of the jobs of `share` that begin by the virtual time `latest`, as if all of them were as long.
JobSum BegunBy(absl::Duration latest, const TenantShare& share, const QueueShares& shares) {
  const absl::Duration start = StartOf(share, shares);
  if (share.waiting.jobs <= 0 || start > latest)
    return {};
  const absl::Duration mean = ChargeOf(share.waiting) / share.waiting.jobs;
  const int64_t jobs = std::min<int64_t>((latest - start) / mean + 1, share.waiting.jobs);
  const double part = static_cast<double>(jobs) / share.waiting.jobs;
  return {.jobs = static_cast<int>(jobs), .work = absl::Trunc(share.waiting.work * part, absl::Microseconds(1))};
}

}  // namespace

absl::Duration ChargeOf(const JobSum& jobs) {
  return jobs.work > absl::ZeroDuration() ? jobs.work : kLeastCharge * jobs.jobs;
}

std::vector<Turn> TurnsOf(const QueueShares& shares) {
  std::vector<Turn> turns;
  for (const TenantShare& share : shares.tenants) {
    if (share.waiting.jobs > 0)
      turns.push_back({.tenant = share.tenant, .start = StartOf(share, shares)});
  }
  std::sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) { return a.start < b.start; });
  return turns;
}

JobSum AheadOf(const QueueShares& shares, const std::string& tenant, const JobSum& own) {
  const absl::Duration begin = StartOf(shares.Of(tenant), shares) + ChargeOf(own);
  JobSum ahead = own;
  for (const TenantShare& share : shares.tenants) {
    if (share.tenant == tenant)
      continue;
    ahead += BegunBy(begin, share, shares);
  }
  return ahead;
}

// The virtual time only comes to the start that is the least, so no start in `turns` falls behind it.
std::vector<std::string> FairOrder(const QueueShares& shares, const std::vector<WaitingJob>& jobs) {
  std::map<std::string, std::deque<const WaitingJob*>> queues;
  for (const WaitingJob& job : jobs)
    queues[job.tenant].push_back(&job);
  std::set<std::tuple<absl::Duration, int64_t, int64_t, std::string>> turns;
  for (const auto& [tenant, queue] : queues)
    turns.emplace(StartOf(shares.Of(tenant), shares), queue.front()->claim_key, queue.front()->number, tenant);
  std::vector<std::string> ids;
  while (!turns.empty()) {
    const auto [start, key, number, tenant] = std::move(turns.extract(turns.begin()).value());
    std::deque<const WaitingJob*>& queue = queues[tenant];
    const WaitingJob* job = queue.front();
    queue.pop_front();
    ids.push_back(job->id);
    if (!queue.empty())
      turns.emplace(start + ChargeOf({.jobs = 1, .work = job->work}), queue.front()->claim_key, queue.front()->number,
                    tenant);
  }
  return ids;
}

}  // namespace ruyi
