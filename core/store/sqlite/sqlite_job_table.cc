#include "core/store/sqlite/sqlite_job_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "core/job/job_fields.h"
#include "core/job/job_json.h"

namespace ruyi {
namespace {

// INDEXED BY: left to itself SQLite takes the index of states, and sorts all jobs that wait.
constexpr const char* kRowOfId = "SELECT number, lease_token, record, id FROM jobs WHERE id = ?";
constexpr const char* kRowOfRequest = "SELECT number, lease_token, record, id FROM jobs WHERE request_key = ?";
constexpr const char* kRowOfReuseKey =
    "SELECT number, lease_token, record, id FROM jobs WHERE reuse_key = ? AND state = 'succeeded' "
    "ORDER BY number DESC LIMIT 1";
constexpr const char* kWaitingRows =
    "SELECT number, lease_token, record, id FROM jobs INDEXED BY jobs_turn WHERE state = 'queued' AND tenant = ? "
    "ORDER BY claim_key, number";

// Returns what the columns end_time and expire_time hold: the age, so that jobs get old by it. Records of older servers
// have the time of day alone.
std::optional<int64_t> NanosOf(const std::optional<absl::Time>& age, const std::optional<absl::Time>& time) {
  const std::optional<absl::Time>& known = age.has_value() ? age : time;
  return known.has_value() ? std::optional(absl::ToUnixNanos(*known)) : std::nullopt;
}

absl::StatusOr<std::vector<std::string>> TextsOf(absl::StatusOr<std::unique_ptr<SqliteQuery>> query) {
  RUYI_RETURN_IF_ERROR(query.status());
  std::vector<std::string> texts;
  while (true) {
    RUYI_ASSIGN_OR_RETURN(const bool has_row, (*query)->Next());
    if (!has_row)
      return texts;
    texts.emplace_back((*query)->Text(0));
  }
}

// The command that lists what `filter` wants: its parameters are the labels' names and values, the number and the
// tenant. The first label, the state or the tenant finds the rows in their order by an index.
std::string ListCommand(const JobFilter& filter) {
  std::string sql = "SELECT jobs.number, lease_token, record, id FROM jobs";
  for (size_t i = 0; i < filter.labels.size(); ++i) {
    absl::StrAppend(&sql, " JOIN labels AS l", i, " ON l", i, ".number = jobs.number AND l", i, ".name = ? AND l", i,
                    ".value = ?");
  }
  absl::StrAppend(&sql, " WHERE ", filter.labels.empty() ? "jobs" : "l0", ".number < ?");
  if (!filter.tenant.empty())
    absl::StrAppend(&sql, " AND tenant = ?");
  if (!filter.states.empty()) {
    const std::string words = absl::StrJoin(
        filter.states, ", ", [](std::string* out, JobState state) { absl::StrAppend(out, "'", WordOf(state), "'"); });
    absl::StrAppend(&sql, " AND state IN (", words, ")");
  }
  absl::StrAppend(&sql, " ORDER BY ", filter.labels.empty() ? "jobs" : "l0", ".number DESC");
  return sql;
}

}  // namespace

absl::StatusOr<JobRow> SqliteJobTable::RowOf(const SqliteQuery& query) const {
  absl::StatusOr<JobRecord> record = RecordFromJson(query.Text(2));
  if (!record.ok()) {
    return absl::DataLossError(absl::StrFormat("video '%s' in %s cannot be read: %s; delete it", query.Text(3),
                                               connection_.path(), std::string(record.status().message())));
  }
  return JobRow{.number = query.Int(0), .lease_token = query.Int(1), .record = *std::move(record)};
}

absl::StatusOr<std::optional<JobRow>> SqliteJobTable::FirstOf(SqliteQuery& query) const {
  RUYI_ASSIGN_OR_RETURN(const bool has_row, query.Next());
  if (!has_row)
    return std::nullopt;
  RUYI_ASSIGN_OR_RETURN(JobRow row, RowOf(query));
  return row;
}

absl::StatusOr<std::optional<JobRow>> SqliteJobTable::Find(const std::string& id) const {
  RUYI_ASSIGN_OR_RETURN(const auto query, connection_.Query(kRowOfId, id));
  return FirstOf(*query);
}

absl::StatusOr<std::optional<int64_t>> SqliteJobTable::NumberOf(const std::string& id) const {
  RUYI_ASSIGN_OR_RETURN(const int64_t number, connection_.Number("SELECT number FROM jobs WHERE id = ?", id));
  return number == 0 ? std::nullopt : std::optional(number);
}

absl::StatusOr<std::optional<JobRow>> SqliteJobTable::FindRequest(const std::string& request_key) const {
  RUYI_ASSIGN_OR_RETURN(const auto query, connection_.Query(kRowOfRequest, request_key));
  return FirstOf(*query);
}

absl::StatusOr<std::optional<std::string>> SqliteJobTable::TenantOf(const std::string& id) const {
  RUYI_ASSIGN_OR_RETURN(const std::vector<std::string> tenants,
                        TextsOf(connection_.Query("SELECT tenant FROM jobs WHERE id = ?", id)));
  return tenants.empty() ? std::nullopt : std::optional(tenants.front());
}

absl::StatusOr<std::optional<JobRow>> SqliteJobTable::FindReusable(const std::string& reuse_key) const {
  RUYI_ASSIGN_OR_RETURN(const auto query, connection_.Query(kRowOfReuseKey, reuse_key));
  return FirstOf(*query);
}

absl::StatusOr<std::optional<JobRow>> SqliteJobTable::NextWaiting(const std::string& tenant) const {
  RUYI_ASSIGN_OR_RETURN(const auto query, connection_.Query(kWaitingRows, tenant));
  while (true) {
    RUYI_ASSIGN_OR_RETURN(const bool has_row, query->Next());
    if (!has_row)
      return std::nullopt;
    if (absl::StatusOr<JobRow> row = RowOf(*query); row.ok())
      return *std::move(row);
  }
}

absl::StatusOr<JobTable::Places> SqliteJobTable::FirstPlaces(const std::vector<std::string>& tenants) const {
  Places places;
  for (const std::string& tenant : tenants) {
    RUYI_ASSIGN_OR_RETURN(const auto query,
                          connection_.Query("SELECT claim_key, number FROM jobs INDEXED BY jobs_turn WHERE state = "
                                            "'queued' AND tenant = ? ORDER BY claim_key, number LIMIT 1",
                                            tenant));
    RUYI_ASSIGN_OR_RETURN(const bool has_row, query->Next());
    if (has_row)
      places[tenant] = {query->Int(0), query->Int(1)};
  }
  return places;
}

absl::StatusOr<std::vector<WaitingJob>> SqliteJobTable::Waiting() const {
  RUYI_ASSIGN_OR_RETURN(const auto query,
                        connection_.Query("SELECT id, tenant, claim_key, number, work FROM jobs INDEXED BY jobs_turn "
                                          "WHERE state = 'queued' ORDER BY claim_key, number"));
  std::vector<WaitingJob> jobs;
  while (true) {
    RUYI_ASSIGN_OR_RETURN(const bool has_row, query->Next());
    if (!has_row)
      return jobs;
    jobs.push_back({.id = std::string(query->Text(0)),
                    .tenant = std::string(query->Text(1)),
                    .claim_key = query->Int(2),
                    .number = query->Int(3),
                    .work = absl::Microseconds(query->Int(4))});
  }
}

absl::StatusOr<std::vector<JobRow>> SqliteJobTable::Newest(const JobFilter& filter, int64_t before, int limit) const {
  RUYI_ASSIGN_OR_RETURN(const auto query, connection_.Query(ListCommand(filter)));
  for (const auto& [name, value] : filter.labels) {
    query->Bind(name);
    query->Bind(value);
  }
  query->Bind(before);
  if (!filter.tenant.empty())
    query->Bind(filter.tenant);
  std::vector<JobRow> rows;
  while (static_cast<int>(rows.size()) < limit) {
    RUYI_ASSIGN_OR_RETURN(const bool has_row, query->Next());
    if (!has_row)
      break;
    if (absl::StatusOr<JobRow> row = RowOf(*query); row.ok())
      rows.push_back(*std::move(row));
  }
  return rows;
}

absl::StatusOr<QueueShares> SqliteJobTable::Shares() const {
  const auto sum = [](const SqliteQuery& query, int column) {
    return JobSum{.jobs = static_cast<int>(query.Int(column)), .work = absl::Microseconds(query.Int(column + 1))};
  };
  RUYI_ASSIGN_OR_RETURN(const auto query,
                        connection_.Query("SELECT paused, now, waiting_jobs, waiting_work, running_jobs, running_work, "
                                          "served, tenant FROM queue LEFT JOIN tenants"));
  QueueShares shares;
  while (true) {
    RUYI_ASSIGN_OR_RETURN(const bool has_row, query->Next());
    if (!has_row)
      return shares;
    shares.paused = query->Int(0) != 0;
    shares.now = absl::Microseconds(query->Int(1));
    if (!query->IsNull(7)) {
      shares.tenants.push_back({.tenant = std::string(query->Text(7)),
                                .waiting = sum(*query, 2),
                                .running = sum(*query, 4),
                                .served = absl::Microseconds(query->Int(6))});
    }
  }
}

absl::StatusOr<JobSum> SqliteJobTable::WaitingBetween(const std::string& tenant, int64_t above, int64_t below) const {
  RUYI_ASSIGN_OR_RETURN(const auto query,
                        connection_.Query("SELECT count(*), coalesce(sum(work), 0) FROM jobs INDEXED BY jobs_turn "
                                          "WHERE state = 'queued' AND tenant = ? AND claim_key > ? AND claim_key < ?",
                                          tenant, above, below));
  RUYI_RETURN_IF_ERROR(query->Next().status());
  return JobSum{.jobs = static_cast<int>(query->Int(0)), .work = absl::Microseconds(query->Int(1))};
}

absl::StatusOr<std::vector<LoggedEvent>> SqliteJobTable::Log(int64_t number, int64_t after_seq, int limit) const {
  RUYI_ASSIGN_OR_RETURN(
      const auto query,
      connection_.Query("SELECT seq, time, event FROM log WHERE number = ? AND seq > ? ORDER BY seq LIMIT ?", number,
                        after_seq, int64_t{std::max(limit, 0)}));
  std::vector<LoggedEvent> entries;
  while (true) {
    RUYI_ASSIGN_OR_RETURN(const bool has_row, query->Next());
    if (!has_row)
      return entries;
    RUYI_ASSIGN_OR_RETURN(JobEvent event, EventFromJson(query->Text(2)));
    entries.push_back({.seq = query->Int(0), .time = absl::FromUnixNanos(query->Int(1)), .event = std::move(event)});
  }
}

absl::StatusOr<std::set<std::string>> SqliteJobTable::Inputs() const {
  RUYI_ASSIGN_OR_RETURN(const std::vector<std::string> lists,
                        TextsOf(connection_.Query("SELECT inputs FROM jobs WHERE inputs <> ''")));
  std::set<std::string> inputs;
  for (const std::string& list : lists) {
    for (const absl::string_view input : absl::StrSplit(list, '\n'))
      inputs.emplace(input);
  }
  return inputs;
}

// Pictures are among the inputs too, and none of them has the digest of a checkpoint.
absl::StatusOr<bool> SqliteJobTable::IsCheckpoint(const std::string& sha256) const {
  RUYI_ASSIGN_OR_RETURN(
      const int64_t found,
      connection_.Number("SELECT EXISTS(SELECT 1 FROM jobs WHERE inputs <> '' AND instr(inputs, ?) > 0)", sha256));
  return found != 0;
}

absl::StatusOr<std::vector<std::string>> SqliteJobTable::Active() const {
  return TextsOf(
      connection_.Query("SELECT id FROM jobs WHERE state IN ('queued', 'running', 'cancelling') ORDER BY number"));
}

absl::StatusOr<std::vector<std::string>> SqliteJobTable::Leased() const {
  return TextsOf(connection_.Query("SELECT id FROM jobs WHERE lease_token <> 0 ORDER BY number"));
}

absl::StatusOr<std::vector<std::string>> SqliteJobTable::Expiring(absl::Time time, int limit) const {
  return TextsOf(
      connection_.Query("SELECT id FROM jobs INDEXED BY jobs_expiring WHERE state = 'succeeded' AND expire_time <= ? "
                        "ORDER BY expire_time LIMIT ?",
                        absl::ToUnixNanos(time), int64_t{limit}));
}

absl::StatusOr<std::vector<std::string>> SqliteJobTable::EndedBy(absl::Time time, int limit) const {
  return TextsOf(connection_.Query("SELECT id FROM jobs WHERE end_time <= ? ORDER BY end_time LIMIT ?",
                                   absl::ToUnixNanos(time), int64_t{limit}));
}

absl::StatusOr<absl::Time> SqliteJobTable::Timestamp(absl::Time now) {
  RUYI_ASSIGN_OR_RETURN(const int64_t time, connection_.Number("UPDATE last SET time = max(time, ?) RETURNING time",
                                                               absl::ToUnixNanos(now)));
  return absl::FromUnixNanos(time);
}

absl::StatusOr<int64_t> SqliteJobTable::NextNumber() {
  return connection_.Number("UPDATE last SET number = number + 1 RETURNING number");
}

absl::StatusOr<int64_t> SqliteJobTable::NextToken() {
  return connection_.Number("UPDATE last SET token = token + 1 RETURNING token");
}

absl::Status SqliteJobTable::Insert(const JobRow& row) {
  const JobTicket& ticket = row.record.ticket;
  const std::string request_key = RequestKeyOf(ticket.tenant, ticket.request_id);
  RUYI_RETURN_IF_ERROR(connection_.Execute(
      "INSERT INTO jobs(number, id, tenant, request_key, reuse_key, claim_key, state, work, lease_token, inputs, "
      "record) VALUES (?, ?, ?, nullif(?, ''), ?, ?, '', 0, 0, '', '')",
      row.number, ticket.id, ticket.tenant, request_key, ticket.reuse_key, ClaimKeyOf(row)));
  for (const auto& [name, value] : ticket.labels) {
    RUYI_RETURN_IF_ERROR(
        connection_.Execute("INSERT INTO labels(name, value, number) VALUES (?, ?, ?)", name, value, row.number));
  }
  return Update(row);
}

absl::Status SqliteJobTable::Update(const JobRow& row) {
  const JobRecord& record = row.record;
  const std::string inputs = absl::StrJoin(InputsOf(record), "\n");
  const std::string state = WordOf(record.state);
  const std::string text = RecordToJson(record);
  return connection_.Execute(
      "UPDATE jobs SET state = ?, claim_key = ?, work = ?, lease_token = ?, end_time = ?, expire_time = ?, inputs = ?, "
      "record = ? "
      "WHERE number = ?",
      state, ClaimKeyOf(row), absl::ToInt64Microseconds(WorkOf(record)), row.lease_token,
      NanosOf(record.end_age, record.end_time), NanosOf(record.expire_age, record.expire_time), inputs, text,
      row.number);
}

absl::Status SqliteJobTable::Erase(int64_t number) {
  return connection_.Execute("DELETE FROM jobs WHERE number = ?", number);
}

absl::Status SqliteJobTable::AppendLog(int64_t number, const LoggedEvent& entry) {
  const std::string event = EventToJson(entry.event);
  return connection_.Execute("INSERT INTO log(number, seq, time, event) VALUES (?, ?, ?, ?)", number, entry.seq,
                             absl::ToUnixNanos(entry.time), event);
}

absl::StatusOr<std::string> SqliteJobTable::Identity() const {
  RUYI_ASSIGN_OR_RETURN(const std::vector<std::string> rows, TextsOf(connection_.Query("SELECT id FROM identity")));
  return rows.front();
}

absl::Status SqliteJobTable::SetPaused(bool paused) {
  return connection_.Execute("UPDATE queue SET paused = ?", int64_t{paused});
}

absl::Status SqliteJobTable::Charge(const std::string& tenant, absl::Duration start, absl::Duration charge) {
  RUYI_RETURN_IF_ERROR(connection_.Execute("UPDATE queue SET now = max(now, ?)", absl::ToInt64Microseconds(start)));
  return connection_.Execute("UPDATE tenants SET served = ? WHERE tenant = ?",
                             absl::ToInt64Microseconds(start + charge), tenant);
}

absl::Status SqliteJobTable::PayBack(const std::string& tenant, absl::Duration charge) {
  return connection_.Execute("UPDATE tenants SET served = served - ? WHERE tenant = ?",
                             absl::ToInt64Microseconds(charge), tenant);
}

absl::StatusOr<JobTable::Uses> SqliteJobTable::UsesOn(const std::vector<std::string>& tenants, int64_t day) const {
  Uses uses;
  for (const std::string& tenant : tenants) {
    RUYI_ASSIGN_OR_RETURN(
        const auto query,
        connection_.Query("SELECT device, upload_bytes FROM uses WHERE tenant = ? AND day = ?", tenant, day));
    RUYI_ASSIGN_OR_RETURN(const bool has_row, query->Next());
    if (has_row)
      uses[tenant] = {.device = absl::Microseconds(query->Int(0)), .upload_bytes = query->Int(1)};
  }
  return uses;
}

absl::Status SqliteJobTable::AddUse(const std::string& tenant, int64_t day, const DayUse& use) {
  RUYI_RETURN_IF_ERROR(connection_.Execute("DELETE FROM uses WHERE tenant = ? AND day < ?", tenant, day - 1));
  return connection_.Execute(
      "INSERT INTO uses(tenant, day, device, upload_bytes) VALUES (?, ?, ?, ?) ON CONFLICT (tenant, day) DO UPDATE SET "
      "device = device + excluded.device, upload_bytes = upload_bytes + excluded.upload_bytes",
      tenant, day, absl::ToInt64Microseconds(use.device), use.upload_bytes);
}

absl::Status SqliteJobTable::ForgetIdleTenants() {
  return connection_.Execute(
      "DELETE FROM tenants WHERE waiting_jobs = 0 AND running_jobs = 0 AND served <= (SELECT now FROM queue)");
}

}  // namespace ruyi
