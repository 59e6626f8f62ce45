#include "core/store/sqlite/sqlite_schema.h"

#include <cstdint>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr int64_t kApplicationId = 0x52555949;  // "RUYI"

// Step i leads from schema i to schema i + 1. A step that was released is never changed.
constexpr const char* kSteps[] = {
    R"sql(
CREATE TABLE jobs(
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  request_id TEXT UNIQUE,          -- null: the caller gave none
  reuse_key TEXT NOT NULL,
  state TEXT NOT NULL,             -- a word of core/job/job_fields.h
  claim_key INTEGER NOT NULL,
  work INTEGER NOT NULL,           -- microseconds that it is predicted to take
  lease_token INTEGER NOT NULL,    -- 0: nobody has it
  end_time INTEGER,                -- nanoseconds since 1970
  expire_time INTEGER,             -- nanoseconds since 1970
  inputs TEXT NOT NULL,            -- what the artifact store must keep for it, separated by newlines
  record TEXT NOT NULL             -- core/job/job_json.h; true where it differs from a column
) STRICT;
CREATE INDEX jobs_waiting ON jobs(claim_key, number, work) WHERE state = 'queued';
CREATE INDEX jobs_state ON jobs(state, number);
CREATE INDEX jobs_reusable ON jobs(reuse_key, number) WHERE state = 'succeeded';
CREATE INDEX jobs_expiring ON jobs(expire_time) WHERE state = 'succeeded';
CREATE INDEX jobs_ended ON jobs(end_time) WHERE end_time IS NOT NULL;
CREATE INDEX jobs_leased ON jobs(number) WHERE lease_token <> 0;
CREATE INDEX jobs_inputs ON jobs(inputs) WHERE inputs <> '';

CREATE TABLE labels(
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY(name, value, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX labels_of_job ON labels(number);

CREATE TABLE log(
  number INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  time INTEGER NOT NULL,           -- nanoseconds since 1970
  event TEXT NOT NULL,             -- core/job/job_json.h
  PRIMARY KEY(number, seq)
) STRICT, WITHOUT ROWID;

-- What was given last, so that no number, token or time comes again.
CREATE TABLE last(number INTEGER NOT NULL, token INTEGER NOT NULL, time INTEGER NOT NULL) STRICT;
INSERT INTO last VALUES (0, 0, -9223372036854775808);

-- Sums over jobs that have not ended, so that nobody counts them.
CREATE TABLE totals(state TEXT PRIMARY KEY, jobs INTEGER NOT NULL, work INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO totals VALUES ('queued', 0, 0), ('running', 0, 0), ('cancelling', 0, 0);
CREATE TRIGGER jobs_inserted AFTER INSERT ON jobs BEGIN
  UPDATE totals SET jobs = jobs + 1, work = work + new.work WHERE state = new.state;
END;
CREATE TRIGGER jobs_updated AFTER UPDATE OF state, work ON jobs WHEN old.state <> new.state OR old.work <> new.work BEGIN
  UPDATE totals SET jobs = jobs - 1, work = work - old.work WHERE state = old.state;
  UPDATE totals SET jobs = jobs + 1, work = work + new.work WHERE state = new.state;
END;
CREATE TRIGGER jobs_deleted AFTER DELETE ON jobs BEGIN
  UPDATE totals SET jobs = jobs - 1, work = work - old.work WHERE state = old.state;
  DELETE FROM log WHERE number = old.number;
  DELETE FROM labels WHERE number = old.number;
END;
)sql",
    R"sql(
ALTER TABLE jobs ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default';
ALTER TABLE jobs RENAME COLUMN request_id TO request_key;  -- RequestKeyOf in core/store/job_table.h
CREATE INDEX jobs_tenant ON jobs(tenant, number);
)sql",
    R"sql(
CREATE TABLE queue(paused INTEGER NOT NULL) STRICT;  -- one row: 1 while no job is given to a worker
INSERT INTO queue VALUES (0);
)sql",
    R"sql(
DROP TRIGGER jobs_inserted;
DROP TRIGGER jobs_updated;
DROP TRIGGER jobs_deleted;
DROP TABLE totals;
DROP INDEX jobs_waiting;
CREATE INDEX jobs_turn ON jobs(tenant, claim_key, number, work) WHERE state = 'queued';
ALTER TABLE queue ADD COLUMN now INTEGER NOT NULL DEFAULT 0;  -- virtual microseconds

-- Sums over jobs that have not ended, so that nobody counts them, and what the queue has given.
CREATE TABLE tenants(
  tenant TEXT PRIMARY KEY,
  waiting_jobs INTEGER NOT NULL,
  waiting_work INTEGER NOT NULL,
  running_jobs INTEGER NOT NULL,
  running_work INTEGER NOT NULL,
  served INTEGER NOT NULL DEFAULT 0  -- virtual microseconds
) STRICT, WITHOUT ROWID;
INSERT INTO tenants(tenant, waiting_jobs, waiting_work, running_jobs, running_work)
  SELECT tenant, sum(state = 'queued'), sum(work * (state = 'queued')), sum(state <> 'queued'),
    sum(work * (state <> 'queued'))
  FROM jobs WHERE state IN ('queued', 'running', 'cancelling') GROUP BY tenant;
CREATE TRIGGER jobs_updated AFTER UPDATE OF state, work ON jobs
WHEN (old.state <> new.state OR old.work <> new.work)
  AND (old.state IN ('queued', 'running', 'cancelling') OR new.state IN ('queued', 'running', 'cancelling'))
BEGIN
  INSERT INTO tenants(tenant, waiting_jobs, waiting_work, running_jobs, running_work) VALUES (
      new.tenant,
      (new.state = 'queued') - (old.state = 'queued'),
      new.work * (new.state = 'queued') - old.work * (old.state = 'queued'),
      (new.state IN ('running', 'cancelling')) - (old.state IN ('running', 'cancelling')),
      new.work * (new.state IN ('running', 'cancelling')) - old.work * (old.state IN ('running', 'cancelling')))
    ON CONFLICT (tenant) DO UPDATE SET
      waiting_jobs = waiting_jobs + excluded.waiting_jobs, waiting_work = waiting_work + excluded.waiting_work,
      running_jobs = running_jobs + excluded.running_jobs, running_work = running_work + excluded.running_work;
END;
CREATE TRIGGER jobs_deleted AFTER DELETE ON jobs BEGIN
  UPDATE tenants SET waiting_jobs = waiting_jobs - 1, waiting_work = waiting_work - old.work
    WHERE tenant = old.tenant AND old.state = 'queued';
  UPDATE tenants SET running_jobs = running_jobs - 1, running_work = running_work - old.work
    WHERE tenant = old.tenant AND old.state IN ('running', 'cancelling');
  DELETE FROM log WHERE number = old.number;
  DELETE FROM labels WHERE number = old.number;
END;
)sql",
    R"sql(
-- What tenants have used, by days of UTC since 1970.
CREATE TABLE uses(
  tenant TEXT NOT NULL,
  day INTEGER NOT NULL,
  device INTEGER NOT NULL,        -- microseconds of devices, of jobs that have ended
  upload_bytes INTEGER NOT NULL,
  PRIMARY KEY (tenant, day)
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
CREATE TABLE identity(id TEXT NOT NULL) STRICT;  -- one row: what tells this store from all others
INSERT INTO identity VALUES (lower(hex(randomblob(16))));
)sql",
};
constexpr int64_t kNewest = std::size(kSteps);

absl::Status CheckApplication(SqliteConnection& connection) {
  RUYI_ASSIGN_OR_RETURN(const int64_t application, connection.Number("PRAGMA application_id"));
  RUYI_ASSIGN_OR_RETURN(const int64_t things, connection.Number("SELECT count(*) FROM sqlite_schema"));
  if (application == kApplicationId || (application == 0 && things == 0))
    return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrFormat("%s is a database of another program; choose another state folder", connection.path()));
}

absl::Status RunStep(SqliteConnection& connection, int64_t version) {
  RUYI_RETURN_IF_ERROR(connection.Execute("BEGIN IMMEDIATE"));
  absl::Status status = connection.ExecuteScript(kSteps[version]);
  if (status.ok())
    status = connection.ExecuteScript(absl::StrCat("PRAGMA application_id = ", kApplicationId).c_str());
  if (status.ok())
    status = connection.ExecuteScript(absl::StrCat("PRAGMA user_version = ", version + 1).c_str());
  if (status.ok())
    status = connection.Execute("COMMIT");
  if (connection.IsInTransaction())
    connection.Execute("ROLLBACK").IgnoreError();
  return status;
}

}  // namespace

absl::Status MigrateSqliteSchema(SqliteConnection& connection) {
  RUYI_RETURN_IF_ERROR(CheckApplication(connection));
  RUYI_ASSIGN_OR_RETURN(const int64_t version, connection.Number("PRAGMA user_version"));
  if (version > kNewest) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s was written by a newer ruyi-server (schema %d; this one knows %d); start that one, or "
                        "choose another state folder",
                        connection.path(), version, kNewest));
  }
  for (int64_t step = version; step < kNewest; ++step)
    RUYI_RETURN_IF_ERROR(RunStep(connection, step));
  return absl::OkStatus();
}

}  // namespace ruyi
