#include "core/store/job_table.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr absl::Duration kLongestWork = absl::Hours(365 * 24);  // so that sums stay finite

}  // namespace

int64_t ClaimKeyOf(int64_t number, Priority priority) {
  const int classes_above_normal = static_cast<int>(priority) - static_cast<int>(Priority::kNormal);
  return number - JobStore::kHeadStart * classes_above_normal;
}

int64_t ClaimKeyOf(const JobRow& row) {
  return ClaimKeyOf(row.number, row.record.ticket.priority);
}

std::string RequestKeyOf(const std::string& tenant, const std::string& request_id) {
  if (request_id.empty() || tenant == kDefaultTenant)
    return request_id;
  return absl::StrCat(tenant, "\n", request_id);
}

// Returns whole microseconds, so that sums of many come back to zero.
absl::Duration WorkOf(const JobRecord& record) {
  const absl::Duration predicted = absl::Seconds(record.placement.prediction.seconds());
  return absl::Trunc(std::clamp(predicted, absl::ZeroDuration(), kLongestWork), absl::Microseconds(1));
}

TenantShare QueueShares::Of(const std::string& tenant) const {
  const auto found =
      std::find_if(tenants.begin(), tenants.end(), [&](const TenantShare& share) { return share.tenant == tenant; });
  return found == tenants.end() ? TenantShare{.tenant = tenant} : *found;
}

JobSum QueueShares::waiting() const {
  JobSum sum;
  for (const TenantShare& share : tenants)
    sum += share.waiting;
  return sum;
}

JobSum QueueShares::running() const {
  JobSum sum;
  for (const TenantShare& share : tenants)
    sum += share.running;
  return sum;
}

// A new job has the largest number, so few can be behind it: those are counted, not the many before it.
absl::StatusOr<Arrival> JobTable::Arrive(const JobTicket& ticket) {
  Arrival arrival;
  if (!ticket.request_id.empty()) {
    RUYI_ASSIGN_OR_RETURN(arrival.known, FindRequest(RequestKeyOf(ticket.tenant, ticket.request_id)));
  }
  if (arrival.known.has_value())
    return arrival;
  RUYI_ASSIGN_OR_RETURN(arrival.number, NextNumber());
  RUYI_ASSIGN_OR_RETURN(const std::optional<int64_t> number, NumberOf(ticket.id));
  arrival.is_id_taken = number.has_value();
  RUYI_ASSIGN_OR_RETURN(arrival.shares, Shares());
  RUYI_ASSIGN_OR_RETURN(arrival.behind, WaitingBetween(ticket.tenant, ClaimKeyOf(arrival.number, ticket.priority),
                                                       std::numeric_limits<int64_t>::max()));
  return arrival;
}

absl::StatusOr<DayUse> JobTable::UseOn(const std::string& tenant, int64_t day) const {
  RUYI_ASSIGN_OR_RETURN(Uses uses, UsesOn({tenant}, day));
  return uses[tenant];
}

std::set<std::string> InputsOf(const JobRecord& record) {
  std::set<std::string> inputs;
  if (IsEnded(record.state))
    return inputs;
  for (const auto* pictures : {&record.spec.start_pictures, &record.spec.end_pictures}) {
    for (const PictureRef& picture : *pictures)
      inputs.insert({picture.source_sha256, picture.pixels_sha256});
  }
  if (record.checkpoint.has_value())
    inputs.insert(record.checkpoint->sha256);
  inputs.erase("");
  return inputs;
}

}  // namespace ruyi
