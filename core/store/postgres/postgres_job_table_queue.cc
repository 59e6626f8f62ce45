// What PostgresJobTable knows of the queue: whose turn it is, and what tenants were given.
#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/store/postgres/postgres_job_table.h"

namespace ruyi {
namespace {

// The first keys of advisory locks.
constexpr int kQuotaLock = 0x52555951;    // "RUYQ"
constexpr int kRunningLock = 0x52555952;  // "RUYR"

JobSum SumOf(const PostgresRows& rows, int row, int column) {
  return {.jobs = static_cast<int>(rows.Int(row, column)), .work = absl::Microseconds(rows.Int(row, column + 1))};
}

}  // namespace

absl::StatusOr<JobTable::Places> PostgresJobTable::FirstPlaces(const std::vector<std::string>& tenants) const {
  RUYI_ASSIGN_OR_RETURN(
      const PostgresRows rows,
      connection_.Query(
          "SELECT t.tenant, claim_key, number FROM unnest(string_to_array($1, E'\\n')) AS t(tenant) CROSS "
          "JOIN LATERAL (SELECT claim_key, number FROM jobs WHERE state = 'queued' AND "
          "jobs.tenant = t.tenant ORDER BY claim_key, number LIMIT 1) AS first",
          absl::StrJoin(tenants, "\n")));
  Places places;
  for (int row = 0; row < rows.size(); ++row)
    places[std::string(rows.Text(row, 0))] = {rows.Int(row, 1), rows.Int(row, 2)};
  return places;
}

absl::StatusOr<std::vector<WaitingJob>> PostgresJobTable::Waiting() const {
  RUYI_ASSIGN_OR_RETURN(const PostgresRows rows,
                        connection_.Query("SELECT id, tenant, claim_key, number, work FROM jobs WHERE state = 'queued' "
                                          "ORDER BY claim_key, number"));
  std::vector<WaitingJob> jobs;
  for (int row = 0; row < rows.size(); ++row) {
    jobs.push_back({.id = std::string(rows.Text(row, 0)),
                    .tenant = std::string(rows.Text(row, 1)),
                    .claim_key = rows.Int(row, 2),
                    .number = rows.Int(row, 3),
                    .work = absl::Microseconds(rows.Int(row, 4))});
  }
  return jobs;
}

absl::StatusOr<QueueShares> PostgresJobTable::Shares() const {
  RUYI_ASSIGN_OR_RETURN(
      const PostgresRows rows,
      connection_.Query("SELECT paused, waiting_jobs, waiting_work, running_jobs, running_work, served, head_start, "
                        "turn, tenant FROM queue LEFT JOIN (SELECT tenant, sum(waiting_jobs)::bigint AS waiting_jobs, "
                        "sum(waiting_work)::bigint AS waiting_work, sum(running_jobs)::bigint AS running_jobs, "
                        "sum(running_work)::bigint AS running_work, sum(served)::bigint AS served, "
                        "max(head_start) AS head_start, max(turn) AS turn FROM tenants GROUP BY tenant) AS t ON true"));
  QueueShares shares;
  for (int row = 0; row < rows.size(); ++row) {
    shares.paused = rows.Bool(row, 0);
    if (rows.IsNull(row, 8))
      continue;
    const std::string tenant(rows.Text(row, 8));
    charged_[tenant] = rows.Int(row, 5);
    shares.now = std::max(shares.now, absl::Microseconds(rows.Int(row, 7)));
    shares.tenants.push_back({.tenant = tenant,
                              .waiting = SumOf(rows, row, 1),
                              .running = SumOf(rows, row, 3),
                              .served = absl::Microseconds(rows.Int(row, 5) + rows.Int(row, 6))});
  }
  return shares;
}

absl::StatusOr<JobSum> PostgresJobTable::WaitingBetween(const std::string& tenant, int64_t above, int64_t below) const {
  RUYI_ASSIGN_OR_RETURN(
      const PostgresRows rows,
      connection_.Query("SELECT count(*), coalesce(sum(work), 0)::bigint FROM jobs "
                        "WHERE state = 'queued' AND tenant = $1 AND claim_key > $2 AND claim_key < $3",
                        tenant, above, below));
  return SumOf(rows, 0, 0);
}

absl::StatusOr<std::string> PostgresJobTable::Identity() const {
  RUYI_ASSIGN_OR_RETURN(const PostgresRows rows, connection_.Query("SELECT id FROM identity"));
  return std::string(rows.Text(0, 0));
}

absl::Status PostgresJobTable::SetPaused(bool paused) {
  connection_.Send("UPDATE queue SET paused = ($1 <> 0)", int64_t{paused});
  return absl::OkStatus();
}

// The head start is what the tenant was served without being charged: two claims that find it behind at the same moment
// set it to the same.
absl::Status PostgresJobTable::Charge(const std::string& tenant, absl::Duration start, absl::Duration charge) {
  const int64_t begin = absl::ToInt64Microseconds(start);
  connection_.Send(
      "INSERT INTO tenants AS t(tenant, shard, served, head_start, turn) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (tenant, shard) DO UPDATE SET served = t.served + excluded.served, "
      "head_start = greatest(t.head_start, excluded.head_start), turn = greatest(t.turn, excluded.turn)",
      tenant, Shard(), absl::ToInt64Microseconds(charge), begin - charged_[tenant], begin);
  return absl::OkStatus();
}

absl::Status PostgresJobTable::PayBack(const std::string& tenant, absl::Duration charge) {
  connection_.Send(
      "INSERT INTO tenants AS t(tenant, shard, served) VALUES ($1, $2, -$3::bigint) "
      "ON CONFLICT (tenant, shard) DO UPDATE SET served = t.served + excluded.served",
      tenant, Shard(), absl::ToInt64Microseconds(charge));
  return absl::OkStatus();
}

absl::StatusOr<JobTable::Uses> PostgresJobTable::UsesOn(const std::vector<std::string>& tenants, int64_t day) const {
  RUYI_ASSIGN_OR_RETURN(
      const PostgresRows rows,
      connection_.Query("SELECT tenant, sum(device)::bigint, sum(upload_bytes)::bigint FROM uses "
                        "WHERE tenant = ANY (string_to_array($1, E'\\n')) AND day = $2 GROUP BY tenant",
                        absl::StrJoin(tenants, "\n"), day));
  Uses uses;
  for (int row = 0; row < rows.size(); ++row) {
    uses[std::string(rows.Text(row, 0))] = {.device = absl::Microseconds(rows.Int(row, 1)),
                                            .upload_bytes = rows.Int(row, 2)};
  }
  return uses;
}

// Sweeps forget the days before.
absl::Status PostgresJobTable::AddUse(const std::string& tenant, int64_t day, const DayUse& use) {
  connection_.Send(
      "INSERT INTO uses AS u(tenant, day, shard, device, upload_bytes) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (tenant, day, shard) DO UPDATE SET device = u.device + excluded.device, "
      "upload_bytes = u.upload_bytes + excluded.upload_bytes",
      tenant, day, Shard(), absl::ToInt64Microseconds(use.device), use.upload_bytes);
  return absl::OkStatus();
}

absl::Status PostgresJobTable::LockQuota(const std::string& tenant) {
  connection_.Send("SELECT pg_advisory_xact_lock($1::integer, hashtext($2))", int64_t{kQuotaLock}, tenant);
  return absl::OkStatus();
}

absl::StatusOr<bool> PostgresJobTable::TryLockRunning(const std::string& tenant) {
  RUYI_ASSIGN_OR_RETURN(
      const PostgresRows rows,
      connection_.Query("SELECT pg_try_advisory_xact_lock($1::integer, hashtext($2))", int64_t{kRunningLock}, tenant));
  return rows.Bool(0, 0);
}

// Also makes one row of those that a tenant has. Rows of which nothing is to be changed are left alone, and where there
// are no others nobody is locked out. The lock waits for the transactions that are under way, and others wait for it.
// One that a server has left open may last for a minute, so after a moment this is left to the next sweep.
absl::Status PostgresJobTable::ForgetIdleTenants() {
  connection_.Send("DELETE FROM uses WHERE day < (SELECT max(day) FROM uses) - 1");
  connection_.Send(
      "DO $$ DECLARE changing text[] := ARRAY(SELECT tenant FROM tenants GROUP BY tenant HAVING count(*) > 1 OR "
      "(sum(waiting_jobs) = 0 AND sum(running_jobs) = 0 AND "
      "sum(served) + max(head_start) < (SELECT max(turn) FROM tenants))); "
      "BEGIN IF changing = '{}' THEN RETURN; END IF; "
      "PERFORM set_config('lock_timeout', '100ms', true); LOCK TABLE tenants IN EXCLUSIVE MODE; "
      "WITH gone AS (DELETE FROM tenants WHERE tenant = ANY (changing) RETURNING *), "
      "sums AS (SELECT tenant, sum(waiting_jobs) AS waiting_jobs, "
      "sum(waiting_work) AS waiting_work, sum(running_jobs) AS running_jobs, sum(running_work) AS running_work, "
      "sum(served) AS served, max(head_start) AS head_start, max(turn) AS turn FROM gone GROUP BY tenant) "
      "INSERT INTO tenants SELECT tenant, 0, waiting_jobs, waiting_work, running_jobs, running_work, served, "
      "head_start, turn FROM sums WHERE waiting_jobs <> 0 OR running_jobs <> 0 "
      "OR served + head_start >= (SELECT max(turn) FROM tenants); EXCEPTION WHEN lock_not_available THEN NULL; END $$");
  return absl::OkStatus();
}

}  // namespace ruyi
