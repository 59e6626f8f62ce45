#include "core/store/memory/memory_job_table.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "absl/strings/str_format.h"

namespace ruyi {
namespace {

std::string RequestKeyOf(const JobTicket& ticket) {
  return ruyi::RequestKeyOf(ticket.tenant, ticket.request_id);
}

bool Matches(const JobFilter& filter, const JobRecord& record) {
  if (!filter.tenant.empty() && filter.tenant != record.ticket.tenant)
    return false;
  if (!filter.states.empty() && !filter.states.contains(record.state))
    return false;
  return std::all_of(filter.labels.begin(), filter.labels.end(), [&](const auto& label) {
    const auto found = record.ticket.labels.find(label.first);
    return found != record.ticket.labels.end() && found->second == label.second;
  });
}

}  // namespace

std::optional<JobRow> MemoryJobTable::RowOf(const std::unordered_map<std::string, int64_t>& index,
                                            const std::string& key) const {
  const auto found = index.find(key);
  if (found == index.end())
    return std::nullopt;
  return rows_.at(found->second);
}

absl::StatusOr<std::optional<JobRow>> MemoryJobTable::Find(const std::string& id) const {
  return RowOf(by_id_, id);
}

absl::StatusOr<std::optional<int64_t>> MemoryJobTable::NumberOf(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : std::optional(found->second);
}

absl::StatusOr<std::optional<JobRow>> MemoryJobTable::FindRequest(const std::string& request_key) const {
  return RowOf(by_request_, request_key);
}

absl::StatusOr<std::optional<std::string>> MemoryJobTable::TenantOf(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : std::optional(rows_.at(found->second).record.ticket.tenant);
}

absl::StatusOr<std::optional<JobRow>> MemoryJobTable::FindReusable(const std::string& reuse_key) const {
  const auto found = reusable_.find(reuse_key);
  if (found == reusable_.end())
    return std::nullopt;
  return rows_.at(*found->second.rbegin());
}

absl::StatusOr<std::optional<JobRow>> MemoryJobTable::NextWaiting(const std::string& tenant) const {
  const auto found = tenants_.find(tenant);
  if (found == tenants_.end() || found->second.waiting.empty())
    return std::nullopt;
  return rows_.at(found->second.waiting.begin()->second);
}

absl::StatusOr<JobTable::Places> MemoryJobTable::FirstPlaces(const std::vector<std::string>& tenants) const {
  Places places;
  for (const std::string& tenant : tenants) {
    const auto found = tenants_.find(tenant);
    if (found != tenants_.end() && !found->second.waiting.empty())
      places[tenant] = *found->second.waiting.begin();
  }
  return places;
}

absl::StatusOr<std::vector<WaitingJob>> MemoryJobTable::Waiting() const {
  std::map<Place, WaitingJob> jobs;
  for (const auto& [name, tenant] : tenants_) {
    for (const Place& place : tenant.waiting) {
      const JobRecord& record = rows_.at(place.second).record;
      jobs[place] = {.id = record.ticket.id,
                     .tenant = name,
                     .claim_key = place.first,
                     .number = place.second,
                     .work = WorkOf(record)};
    }
  }
  std::vector<WaitingJob> sorted;
  for (auto& [place, job] : jobs)
    sorted.push_back(std::move(job));
  return sorted;
}

absl::StatusOr<std::vector<JobRow>> MemoryJobTable::Newest(const JobFilter& filter, int64_t before, int limit) const {
  std::vector<JobRow> rows;
  for (auto row = rows_.lower_bound(before); row != rows_.begin() && static_cast<int>(rows.size()) < limit;) {
    --row;
    if (Matches(filter, row->second.record))
      rows.push_back(row->second);
  }
  return rows;
}

absl::StatusOr<QueueShares> MemoryJobTable::Shares() const {
  QueueShares shares = {.tenants = {}, .now = now_, .paused = paused_};
  for (const auto& [name, tenant] : tenants_) {
    shares.tenants.push_back(
        {.tenant = name, .waiting = tenant.waiting_sum, .running = tenant.running_sum, .served = tenant.served});
  }
  return shares;
}

absl::StatusOr<JobSum> MemoryJobTable::WaitingBetween(const std::string& tenant, int64_t above, int64_t below) const {
  JobSum sum;
  const auto found = tenants_.find(tenant);
  if (found == tenants_.end())
    return sum;
  const std::set<Place>& waiting = found->second.waiting;
  auto place = waiting.upper_bound({above, std::numeric_limits<int64_t>::max()});
  for (; place != waiting.end() && place->first < below; ++place) {
    ++sum.jobs;
    sum.work += WorkOf(rows_.at(place->second).record);
  }
  return sum;
}

absl::StatusOr<std::vector<LoggedEvent>> MemoryJobTable::Log(int64_t number, int64_t after_seq, int limit) const {
  const std::vector<LoggedEvent>& log = logs_.at(number);
  const int64_t size = static_cast<int64_t>(log.size());
  const int64_t first = std::clamp<int64_t>(after_seq, 0, size);
  const int64_t count = std::clamp<int64_t>(limit, 0, size - first);
  return std::vector<LoggedEvent>(log.begin() + first, log.begin() + first + count);
}

absl::StatusOr<std::set<std::string>> MemoryJobTable::Inputs() const {
  std::set<std::string> inputs;
  for (const auto& [number, row] : rows_)
    inputs.merge(InputsOf(row.record));
  return inputs;
}

absl::StatusOr<bool> MemoryJobTable::IsCheckpoint(const std::string& sha256) const {
  return std::any_of(rows_.begin(), rows_.end(), [&](const auto& entry) {
    const JobRecord& record = entry.second.record;
    return !IsEnded(record.state) && record.checkpoint.has_value() && record.checkpoint->sha256 == sha256;
  });
}

absl::StatusOr<std::vector<std::string>> MemoryJobTable::Active() const {
  std::vector<std::string> ids;
  for (const auto& [name, tenant] : tenants_) {
    for (const auto& [key, number] : tenant.waiting)
      ids.push_back(rows_.at(number).record.ticket.id);
  }
  for (const int64_t number : running_)
    ids.push_back(rows_.at(number).record.ticket.id);
  return ids;
}

// A new table has none, and nobody can open an old one.
absl::StatusOr<std::vector<std::string>> MemoryJobTable::Leased() const {
  return std::vector<std::string>();
}

std::vector<std::string> MemoryJobTable::IdsOf(const std::set<Place>& places, absl::Time time, int limit) const {
  std::vector<std::string> ids;
  const int64_t last = absl::ToUnixNanos(time);
  for (auto place = places.begin(); place != places.end() && place->first <= last; ++place) {
    if (static_cast<int>(ids.size()) == limit)
      break;
    ids.push_back(rows_.at(place->second).record.ticket.id);
  }
  return ids;
}

absl::StatusOr<std::vector<std::string>> MemoryJobTable::Expiring(absl::Time time, int limit) const {
  return IdsOf(expiring_, time, limit);
}

absl::StatusOr<std::vector<std::string>> MemoryJobTable::EndedBy(absl::Time time, int limit) const {
  return IdsOf(ended_, time, limit);
}

absl::StatusOr<absl::Time> MemoryJobTable::Timestamp(absl::Time now) {
  last_time_ = std::max(last_time_, now);
  return last_time_;
}

absl::StatusOr<int64_t> MemoryJobTable::NextNumber() {
  return ++last_number_;
}

absl::StatusOr<int64_t> MemoryJobTable::NextToken() {
  return ++last_token_;
}

void MemoryJobTable::Count(const JobRow& row, int sign) {
  if (IsEnded(row.record.state))
    return;
  Tenant& tenant = tenants_[row.record.ticket.tenant];
  JobSum& sum = row.record.state == JobState::kQueued ? tenant.waiting_sum : tenant.running_sum;
  sum.jobs += sign;
  sum.work += sign * WorkOf(row.record);
}

void MemoryJobTable::Enter(const JobRow& row) {
  const JobRecord& record = row.record;
  Count(row, 1);
  if (record.state == JobState::kQueued)
    tenants_[record.ticket.tenant].waiting.emplace(ClaimKeyOf(row), row.number);
  else if (!IsEnded(record.state))
    running_.insert(row.number);
  if (record.state == JobState::kSucceeded) {
    reusable_[record.ticket.reuse_key].insert(row.number);
    expiring_.emplace(absl::ToUnixNanos(record.expire_age.value_or(absl::InfiniteFuture())), row.number);
  }
  if (record.end_age.has_value())
    ended_.emplace(absl::ToUnixNanos(*record.end_age), row.number);
}

void MemoryJobTable::Leave(const JobRow& row) {
  const JobRecord& record = row.record;
  Count(row, -1);
  if (record.state == JobState::kQueued)
    tenants_[record.ticket.tenant].waiting.erase({ClaimKeyOf(row), row.number});
  running_.erase(row.number);
  if (record.state == JobState::kSucceeded) {
    const auto same_key = reusable_.find(record.ticket.reuse_key);
    same_key->second.erase(row.number);
    if (same_key->second.empty())
      reusable_.erase(same_key);
    expiring_.erase({absl::ToUnixNanos(record.expire_age.value_or(absl::InfiniteFuture())), row.number});
  }
  if (record.end_age.has_value())
    ended_.erase({absl::ToUnixNanos(*record.end_age), row.number});
}

absl::Status MemoryJobTable::Insert(const JobRow& row) {
  by_id_[row.record.ticket.id] = row.number;
  if (!row.record.ticket.request_id.empty())
    by_request_[RequestKeyOf(row.record.ticket)] = row.number;
  logs_.try_emplace(row.number);
  Enter(rows_[row.number] = row);
  return absl::OkStatus();
}

absl::Status MemoryJobTable::Update(const JobRow& row) {
  JobRow& stored = rows_.at(row.number);
  Leave(stored);
  stored = row;
  Enter(stored);
  return absl::OkStatus();
}

absl::Status MemoryJobTable::Erase(int64_t number) {
  const JobRow& row = rows_.at(number);
  Leave(row);
  by_id_.erase(row.record.ticket.id);
  by_request_.erase(RequestKeyOf(row.record.ticket));
  logs_.erase(number);
  rows_.erase(number);
  return absl::OkStatus();
}

absl::Status MemoryJobTable::AppendLog(int64_t number, const LoggedEvent& entry) {
  logs_[number].push_back(entry);
  return absl::OkStatus();
}

// Such a table lives no longer than its process, so a number of the process tells it from all others.
MemoryJobTable::MemoryJobTable() {
  static std::atomic<uint64_t> count = 0;
  identity_ = absl::StrFormat("%016x", ++count);
}

absl::StatusOr<std::string> MemoryJobTable::Identity() const {
  return identity_;
}

absl::Status MemoryJobTable::SetPaused(bool paused) {
  paused_ = paused;
  return absl::OkStatus();
}

absl::Status MemoryJobTable::Charge(const std::string& tenant, absl::Duration start, absl::Duration charge) {
  now_ = std::max(now_, start);
  tenants_[tenant].served = start + charge;
  return absl::OkStatus();
}

absl::Status MemoryJobTable::PayBack(const std::string& tenant, absl::Duration charge) {
  tenants_[tenant].served -= charge;
  return absl::OkStatus();
}

absl::StatusOr<JobTable::Uses> MemoryJobTable::UsesOn(const std::vector<std::string>& tenants, int64_t day) const {
  Uses uses;
  for (const std::string& tenant : tenants) {
    const auto found = uses_.find({day, tenant});
    if (found != uses_.end())
      uses[tenant] = found->second;
  }
  return uses;
}

absl::Status MemoryJobTable::AddUse(const std::string& tenant, int64_t day, const DayUse& use) {
  uses_.erase(uses_.begin(), uses_.lower_bound({day - 1, ""}));
  DayUse& sum = uses_[{day, tenant}];
  sum.device += use.device;
  sum.upload_bytes += use.upload_bytes;
  return absl::OkStatus();
}

absl::Status MemoryJobTable::ForgetIdleTenants() {
  std::erase_if(tenants_, [&](const auto& entry) {
    const Tenant& tenant = entry.second;
    return tenant.waiting_sum.jobs == 0 && tenant.running_sum.jobs == 0 && tenant.served <= now_;
  });
  return absl::OkStatus();
}

}  // namespace ruyi
