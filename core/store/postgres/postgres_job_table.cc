#include "core/store/postgres/postgres_job_table.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "core/job/job_fields.h"
#include "core/job/job_json.h"
#include "core/store/postgres/postgres_commands.h"

namespace ruyi {
namespace {

constexpr int kShards = 64;

std::optional<int64_t> NanosOf(const std::optional<absl::Time>& age) {
  return age.has_value() ? std::optional(absl::ToUnixNanos(*age)) : std::nullopt;
}

std::string CheckpointOf(const JobRecord& record) {
  return record.checkpoint.has_value() && !IsEnded(record.state) ? record.checkpoint->sha256 : "";
}

absl::StatusOr<std::vector<std::string>> TextsOf(absl::StatusOr<PostgresRows> rows) {
  RUYI_RETURN_IF_ERROR(rows.status());
  std::vector<std::string> texts;
  for (int row = 0; row < rows->size(); ++row)
    texts.emplace_back(rows->Text(row, 0));
  return texts;
}

}  // namespace

absl::StatusOr<JobRow> PostgresJobTable::RowOf(const PostgresRows& rows, int row) const {
  const int64_t number = rows.Int(row, 0);
  counted_[number] = {
      .state = std::string(rows.Text(row, 4)), .work = rows.Int(row, 5), .has_lease = rows.Int(row, 1) != 0};
  floor_.Raise(rows.Int(row, 6));
  absl::StatusOr<JobRecord> record = RecordFromJson(rows.Text(row, 2));
  if (!record.ok()) {
    return absl::DataLossError(absl::StrFormat("video '%s' in %s cannot be read: %s; delete it", rows.Text(row, 3),
                                               connection_.where(), std::string(record.status().message())));
  }
  return JobRow{.number = number,
                .lease_token = rows.Int(row, 1),
                .record = *std::move(record),
                .is_lease_over = rows.Bool(row, 7)};
}

absl::StatusOr<std::optional<JobRow>> PostgresJobTable::FirstOf(const absl::StatusOr<PostgresRows>& rows) const {
  RUYI_RETURN_IF_ERROR(rows.status());
  if (rows->size() == 0)
    return std::nullopt;
  RUYI_ASSIGN_OR_RETURN(JobRow row, RowOf(*rows, 0));
  return row;
}

absl::StatusOr<std::optional<JobRow>> PostgresJobTable::Find(const std::string& id) const {
  return FirstOf(
      connection_.Query(ReadRows(access_ == Access::kWrite ? "WHERE id = $1 FOR NO KEY UPDATE" : "WHERE id = $1"), id));
}

absl::StatusOr<std::optional<int64_t>> PostgresJobTable::NumberOf(const std::string& id) const {
  RUYI_ASSIGN_OR_RETURN(const PostgresRows rows, connection_.Query("SELECT number FROM jobs WHERE id = $1", id));
  return rows.size() == 0 ? std::nullopt : std::optional(rows.Int(0, 0));
}

absl::StatusOr<std::optional<JobRow>> PostgresJobTable::FindRequest(const std::string& request_key) const {
  return FirstOf(connection_.Query(ReadRows("WHERE request_key = $1"), request_key));
}

absl::StatusOr<std::optional<std::string>> PostgresJobTable::TenantOf(const std::string& id) const {
  RUYI_ASSIGN_OR_RETURN(const std::vector<std::string> tenants,
                        TextsOf(connection_.Query("SELECT tenant FROM jobs WHERE id = $1", id)));
  return tenants.empty() ? std::nullopt : std::optional(tenants.front());
}

absl::StatusOr<Arrival> PostgresJobTable::Arrive(const JobTicket& ticket) {
  RUYI_ASSIGN_OR_RETURN(const PostgresRows rows,
                        connection_.Query(kArrivalCommand, ticket.id, -ClaimKeyOf(0, ticket.priority),
                                          RequestKeyOf(ticket.tenant, ticket.request_id), ticket.tenant));
  Arrival arrival;
  if (!rows.IsNull(0, 0)) {
    RUYI_ASSIGN_OR_RETURN(arrival.known, RowOf(rows, 0));
    return arrival;
  }
  arrival.number = rows.Int(0, 8);
  arrival.is_id_taken = rows.Bool(0, 9);
  arrival.behind = {.jobs = static_cast<int>(rows.Int(0, 10)), .work = absl::Microseconds(rows.Int(0, 11))};
  RUYI_ASSIGN_OR_RETURN(arrival.shares, Shares());
  return arrival;
}

absl::StatusOr<std::optional<JobRow>> PostgresJobTable::FindReusable(const std::string& reuse_key) const {
  return FirstOf(connection_.Query(
      ReadRows("WHERE reuse_key = $1 AND state = 'succeeded' ORDER BY jobs.number DESC LIMIT 1"), reuse_key));
}

absl::StatusOr<std::optional<JobRow>> PostgresJobTable::NextWaiting(const std::string& tenant) const {
  constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
  int64_t key = kFirst;
  int64_t number = kFirst;
  while (true) {
    RUYI_ASSIGN_OR_RETURN(const PostgresRows rows, connection_.Query(NextWaitingCommand(), key, number, tenant));
    if (rows.size() == 0)
      return std::nullopt;
    if (absl::StatusOr<JobRow> row = RowOf(rows, 0); row.ok()) {
      next_token_ = rows.Int(0, 9);
      return *std::move(row);
    }
    number = rows.Int(0, 0);
    key = rows.Int(0, 8);
  }
}

absl::StatusOr<std::vector<JobRow>> PostgresJobTable::Newest(const JobFilter& filter, int64_t before, int limit) const {
  const std::string command = ListCommand(filter);
  std::vector<JobRow> result;
  while (static_cast<int>(result.size()) < limit) {
    const int64_t wanted = limit - static_cast<int64_t>(result.size());
    PostgresParameters parameters;
    for (const auto& [name, value] : filter.labels) {
      parameters.Add(name);
      parameters.Add(value);
    }
    parameters.Add(before);
    parameters.Add(wanted);
    if (!filter.tenant.empty())
      parameters.Add(filter.tenant);
    RUYI_ASSIGN_OR_RETURN(const PostgresRows rows, connection_.QueryOnce(command, parameters));
    for (int i = 0; i < rows.size(); ++i) {
      before = rows.Int(i, 0);
      if (absl::StatusOr<JobRow> row = RowOf(rows, i); row.ok())
        result.push_back(*std::move(row));
    }
    if (rows.size() < wanted)
      break;
  }
  return result;
}

absl::StatusOr<std::vector<LoggedEvent>> PostgresJobTable::Log(int64_t number, int64_t after_seq, int limit) const {
  RUYI_ASSIGN_OR_RETURN(
      const PostgresRows rows,
      connection_.Query("SELECT seq, time, event FROM log WHERE number = $1 AND seq > $2 ORDER BY seq LIMIT $3", number,
                        after_seq, int64_t{std::max(limit, 0)}));
  std::vector<LoggedEvent> entries;
  for (int row = 0; row < rows.size(); ++row) {
    RUYI_ASSIGN_OR_RETURN(JobEvent event, EventFromJson(rows.Text(row, 2)));
    entries.push_back(
        {.seq = rows.Int(row, 0), .time = absl::FromUnixNanos(rows.Int(row, 1)), .event = std::move(event)});
  }
  return entries;
}

absl::StatusOr<std::set<std::string>> PostgresJobTable::Inputs() const {
  RUYI_ASSIGN_OR_RETURN(
      const std::vector<std::string> lists,
      TextsOf(connection_.Query("SELECT inputs FROM jobs WHERE state IN ('queued', 'running', 'cancelling')")));
  std::set<std::string> inputs;
  for (const std::string& list : lists) {
    for (const absl::string_view input : absl::StrSplit(list, '\n', absl::SkipEmpty()))
      inputs.emplace(input);
  }
  return inputs;
}

absl::StatusOr<bool> PostgresJobTable::IsCheckpoint(const std::string& sha256) const {
  RUYI_ASSIGN_OR_RETURN(const PostgresRows rows,
                        connection_.Query("SELECT EXISTS (SELECT 1 FROM jobs WHERE checkpoint = $1)", sha256));
  return rows.Bool(0, 0);
}

absl::StatusOr<std::vector<std::string>> PostgresJobTable::Active() const {
  return TextsOf(
      connection_.Query("SELECT id FROM jobs WHERE state IN ('queued', 'running', 'cancelling') ORDER BY number"));
}

absl::StatusOr<std::vector<std::string>> PostgresJobTable::Leased() const {
  return TextsOf(connection_.Query("SELECT id FROM leases JOIN jobs USING (number) ORDER BY number"));
}

absl::StatusOr<std::map<std::string, int64_t>> PostgresJobTable::LeasesThatRanOut(int limit) const {
  RUYI_ASSIGN_OR_RETURN(
      const PostgresRows rows,
      connection_.Query("SELECT id, token FROM leases JOIN jobs USING (number) "
                        "WHERE until <= clock_timestamp() AND token = lease_token ORDER BY number LIMIT $1",
                        int64_t{limit}));
  std::map<std::string, int64_t> tokens;
  for (int row = 0; row < rows.size(); ++row)
    tokens[std::string(rows.Text(row, 0))] = rows.Int(row, 1);
  return tokens;
}

absl::StatusOr<std::vector<std::string>> PostgresJobTable::Expiring(absl::Time time, int limit) const {
  return TextsOf(connection_.Query(
      "SELECT id FROM jobs WHERE state = 'succeeded' AND expire_time <= $1 ORDER BY expire_time LIMIT $2",
      absl::ToUnixNanos(time), int64_t{limit}));
}

absl::StatusOr<std::vector<std::string>> PostgresJobTable::EndedBy(absl::Time time, int limit) const {
  return TextsOf(connection_.Query("SELECT id FROM jobs WHERE end_time <= $1 ORDER BY end_time LIMIT $2",
                                   absl::ToUnixNanos(time), int64_t{limit}));
}

absl::StatusOr<absl::Time> PostgresJobTable::Timestamp(absl::Time now) {
  return absl::FromUnixNanos(floor_.Raise(absl::ToUnixNanos(now)));
}

absl::StatusOr<int64_t> PostgresJobTable::NextNumber() {
  RUYI_ASSIGN_OR_RETURN(const PostgresRows rows, connection_.Query("SELECT nextval('job_numbers')"));
  return rows.Int(0, 0);
}

absl::StatusOr<int64_t> PostgresJobTable::NextToken() {
  if (next_token_.has_value())
    return *std::exchange(next_token_, std::nullopt);
  RUYI_ASSIGN_OR_RETURN(const PostgresRows rows, connection_.Query("SELECT nextval('lease_tokens')"));
  return rows.Int(0, 0);
}

int64_t PostgresJobTable::Shard() const {
  return connection_.process_id() % kShards;
}

void PostgresJobTable::Count(const Counted& counted, int sign) {
  const bool waits = counted.state == WordOf(JobState::kQueued);
  if (!waits && counted.state != WordOf(JobState::kRunning) && counted.state != WordOf(JobState::kCancelling))
    return;
  JobSum& sum = waits ? waiting_change_ : running_change_;
  sum.jobs += sign;
  sum.work += sign * absl::Microseconds(counted.work);
}

// Servers of the version before read these sums, while a fleet is being upgraded.
void PostgresJobTable::SendTotals() {
  const auto work = [](const JobSum& sum) { return absl::ToInt64Microseconds(sum.work); };
  const JobSum& waiting = waiting_change_;
  const JobSum& running = running_change_;
  if (waiting.jobs == 0 && running.jobs == 0 && work(waiting) == 0 && work(running) == 0)
    return;
  connection_.Send(
      "UPDATE totals SET waiting_jobs = waiting_jobs + $2, waiting_work = waiting_work + $3, "
      "running_jobs = running_jobs + $4, running_work = running_work + $5 WHERE shard = $1",
      Shard(), int64_t{waiting.jobs}, work(waiting), int64_t{running.jobs}, work(running));
}

absl::Status PostgresJobTable::Insert(const JobRow& row) {
  const JobRecord& record = row.record;
  const JobTicket& ticket = record.ticket;
  const Counted counted = {.state = WordOf(record.state), .work = absl::ToInt64Microseconds(WorkOf(record))};
  connection_.Send(
      "INSERT INTO jobs(number, id, tenant, request_key, reuse_key, state, claim_key, work, lease_token, end_time, "
      "expire_time, log_time, inputs, checkpoint, record) "
      "VALUES ($1, $2, $3, nullif($4, ''), $5, $6, $7, $8, $9, $10, $11, $12, $13, null, $14)",
      row.number, ticket.id, ticket.tenant, RequestKeyOf(ticket.tenant, ticket.request_id), ticket.reuse_key,
      counted.state, ClaimKeyOf(row), counted.work, row.lease_token, NanosOf(record.end_age),
      NanosOf(record.expire_age), floor_.Raise(std::numeric_limits<int64_t>::min()),
      absl::StrJoin(InputsOf(record), "\n"), RecordToJson(record));
  for (const auto& [name, value] : ticket.labels)
    connection_.Send("INSERT INTO labels(name, value, number) VALUES ($1, $2, $3)", name, value, row.number);
  Count(counted, 1);
  counted_[row.number] = counted;
  return absl::OkStatus();
}

absl::Status PostgresJobTable::Update(const JobRow& row) {
  const JobRecord& record = row.record;
  const Counted counted = {.state = WordOf(record.state),
                           .work = absl::ToInt64Microseconds(WorkOf(record)),
                           .has_lease = row.lease_token != 0};
  Counted& before = counted_.at(row.number);  // read and locked by this transaction
  Count(before, -1);
  Count(counted, 1);
  connection_.Send(
      "UPDATE jobs SET state = $2, work = $3, lease_token = $4, end_time = $5, expire_time = $6, log_time = $7, "
      "inputs = $8, checkpoint = nullif($9, ''), record = $10, claim_key = $11 WHERE number = $1",
      row.number, counted.state, counted.work, row.lease_token, NanosOf(record.end_age), NanosOf(record.expire_age),
      floor_.Raise(std::numeric_limits<int64_t>::min()), absl::StrJoin(InputsOf(record), "\n"), CheckpointOf(record),
      RecordToJson(record), ClaimKeyOf(row));
  SendLease(row, before.has_lease);
  before = counted;
  return absl::OkStatus();
}

void PostgresJobTable::SendLease(const JobRow& row, bool had_lease) {
  if (row.lease_token == 0 && had_lease)
    connection_.Send("DELETE FROM leases WHERE number = $1", row.number);
  if (row.lease_token == 0 || !row.lease_lasts.has_value())
    return;
  connection_.Send(
      "INSERT INTO leases(number, token, until) VALUES ($1, $2, clock_timestamp() + $3 * interval '1 microsecond') "
      "ON CONFLICT (number) DO UPDATE SET token = excluded.token, until = excluded.until",
      row.number, row.lease_token, absl::ToInt64Microseconds(*row.lease_lasts));
}

absl::StatusOr<std::optional<JobRow>> PostgresJobTable::Extend(const Lease& lease, absl::Duration duration) {
  const std::string rest = "JOIN extended ON extended.number = jobs.number WHERE lease_token = $2";
  return FirstOf(connection_.Query(
      absl::StrCat("WITH extended AS (UPDATE leases SET until = clock_timestamp() + $3 * interval '1 microsecond' FROM "
                   "jobs AS own WHERE own.id = $1 AND leases.number = own.number AND leases.token = $2 "
                   "RETURNING leases.number) ",
                   ReadRows(rest)),
      lease.job_id, lease.token, absl::ToInt64Microseconds(duration)));
}

absl::Status PostgresJobTable::Erase(int64_t number) {
  RUYI_ASSIGN_OR_RETURN(const PostgresRows rows,
                        connection_.Query("DELETE FROM jobs WHERE number = $1 RETURNING state, work", number));
  if (rows.size() == 0)
    return absl::OkStatus();
  Count({.state = std::string(rows.Text(0, 0)), .work = rows.Int(0, 1)}, -1);
  connection_.Send("DELETE FROM log WHERE number = $1", number);
  connection_.Send("DELETE FROM labels WHERE number = $1", number);
  connection_.Send("DELETE FROM leases WHERE number = $1", number);
  return absl::OkStatus();
}

absl::Status PostgresJobTable::AppendLog(int64_t number, const LoggedEvent& entry) {
  connection_.Send("INSERT INTO log(number, seq, time, event) VALUES ($1, $2, $3, $4)", number, entry.seq,
                   absl::ToUnixNanos(entry.time), EventToJson(entry.event));
  return absl::OkStatus();
}

}  // namespace ruyi
