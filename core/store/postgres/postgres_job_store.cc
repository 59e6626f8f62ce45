#include "core/store/postgres/postgres_job_store.h"

#include <utility>

#include "core/base/status_macros.h"
#include "core/store/postgres/postgres_job_table.h"
#include "core/store/postgres/postgres_schema.h"
#include "core/store/postgres/postgres_status.h"

namespace ruyi {
namespace {

using Access = PostgresJobTable::Access;

constexpr int kMostAttempts = 5;
constexpr int kSweepBatch = 1000;  // leases that one sweep takes back

// How a transaction has ended.
struct Outcome {
  absl::Status status;
  bool may_try_again = false;  // nothing has been changed, and another attempt may find it otherwise
};

// Returns true when the last error was no answer to what was asked: the connection had ended, or others were in the
// way.
bool MaySucceedNext(const PostgresConnection& connection) {
  return !connection.failure().ok() && (IsConflict(connection.sqlstate()) || connection.IsBroken());
}

// Leaves the connection as it was before the transaction.
void RollBack(PostgresConnection& connection) {
  connection.Forgive();
  connection.Send("ROLLBACK");
  connection.Flush().IgnoreError();
  connection.Forgive();
}

}  // namespace

absl::StatusOr<std::unique_ptr<PostgresJobStore>> PostgresJobStore::Open(const std::string& url,
                                                                         PostgresJobStoreOptions options,
                                                                         const Clock& clock) {
  std::unique_ptr<PostgresJobStore> store(new PostgresJobStore(url, std::move(options), clock));
  RUYI_RETURN_IF_ERROR(store->Prepare());
  return store;
}

PostgresJobStore::PostgresJobStore(const std::string& url, PostgresJobStoreOptions options, const Clock& clock)
    : TableJobStore(options.jobs, clock),
      pool_(url, options.connections),
      news_(url, clock, hub(), [this] { pool_.TryAgain(); }) {}

absl::Status PostgresJobStore::Prepare() {
  RUYI_ASSIGN_OR_RETURN(const PostgresPool::Loan connection, pool_.Take());
  RUYI_RETURN_IF_ERROR(MigratePostgresSchema(*connection));
  RUYI_ASSIGN_OR_RETURN(
      const PostgresRows latest,
      connection->Query("SELECT max(time) FROM log WHERE number > (SELECT coalesce(max(number), 0) - 100 FROM jobs)"));
  if (!latest.IsNull(0, 0))
    floor_.Raise(latest.Int(0, 0));
  return news_.Start();
}

// A transaction that fails before its COMMIT was sent has changed nothing. Where the COMMIT was sent and no answer
// came, nobody knows.
absl::Status PostgresJobStore::WriteRows(WriteKind kind, Change change) {
  const auto write = [&](PostgresConnection& connection) -> Outcome {
    connection.Send("BEGIN");
    if (kind == WriteKind::kSnapshot)
      connection.Send("SET LOCAL synchronous_commit = off");
    PostgresJobTable table(connection, floor_, Access::kWrite);
    absl::Status status = change(table);
    bool may_try_again = MaySucceedNext(connection);
    if (status.ok()) {
      table.SendTotals();
      connection.Send("COMMIT");
      status = connection.Flush();
      may_try_again = IsConflict(connection.sqlstate());
    }
    if (!status.ok())
      RollBack(connection);
    return {.status = std::move(status), .may_try_again = may_try_again};
  };
  Outcome outcome;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    RUYI_ASSIGN_OR_RETURN(const PostgresPool::Loan connection, pool_.Take());
    outcome = write(*connection);
    if (!outcome.may_try_again)
      break;
  }
  return outcome.status;
}

// The end of the transaction travels on its own: nobody waits for it.
absl::Status PostgresJobStore::ViewRows(Look look) const {
  Outcome outcome;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    RUYI_ASSIGN_OR_RETURN(const PostgresPool::Loan connection, pool_.Take());
    connection->Send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    outcome.status = look(PostgresJobTable(*connection, floor_, Access::kRead));
    outcome.may_try_again = MaySucceedNext(*connection);
    if (!connection->failure().ok()) {
      RollBack(*connection);
    } else {
      connection->Send("COMMIT");
      connection->FlushLater();
    }
    if (!outcome.may_try_again)
      break;
  }
  return outcome.status;
}

absl::StatusOr<JobRow> PostgresJobStore::Extend(const Lease& lease, absl::Duration duration) {
  absl::StatusOr<std::optional<JobRow>> row = std::nullopt;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    RUYI_ASSIGN_OR_RETURN(const PostgresPool::Loan connection, pool_.Take());
    row = PostgresJobTable(*connection, floor_, Access::kRead).Extend(lease, duration);
    const bool may_try_again = MaySucceedNext(*connection);
    connection->Forgive();
    if (!may_try_again)
      break;
  }
  RUYI_RETURN_IF_ERROR(row.status());
  return row->has_value() ? absl::StatusOr<JobRow>(**std::move(row)) : LeaseLost(lease);
}

absl::StatusOr<std::map<std::string, int64_t>> PostgresJobStore::LeasesThatRanOut() const {
  using Tokens = std::map<std::string, int64_t>;
  if (news_.ReachableFor() < kGrace)
    return Tokens();
  Tokens tokens;
  const absl::Status status = ViewRows([&](const JobTable& table) -> absl::Status {
    RUYI_ASSIGN_OR_RETURN(tokens, static_cast<const PostgresJobTable&>(table).LeasesThatRanOut(kSweepBatch));
    return absl::OkStatus();
  });
  if (!status.ok())
    return status;
  return tokens;
}

}  // namespace ruyi
