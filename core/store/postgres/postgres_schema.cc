#include "core/store/postgres/postgres_schema.h"

#include <cstdint>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

// Step i leads from schema i to schema i + 1. A step that was released is never changed.
constexpr const char* kSteps[] = {
    R"sql(
CREATE TABLE ruyi_schema(version integer NOT NULL);
INSERT INTO ruyi_schema VALUES (0);

CREATE SEQUENCE job_numbers;
CREATE SEQUENCE lease_tokens;

CREATE TABLE jobs(
  number bigint PRIMARY KEY,       -- of job_numbers
  id text NOT NULL,
  tenant text NOT NULL,
  request_key text,                -- RequestKeyOf in core/store/job_table.h; null: the caller gave no id
  reuse_key text NOT NULL,
  state text NOT NULL,             -- a word of core/job/job_fields.h
  claim_key bigint NOT NULL,
  work bigint NOT NULL,            -- microseconds that it is predicted to take
  lease_token bigint NOT NULL,     -- of lease_tokens; 0: nobody has it
  end_time bigint,                 -- nanoseconds since 1970, as the next two
  expire_time bigint,
  log_time bigint NOT NULL,        -- of the latest entry of its log
  inputs text NOT NULL,            -- what the artifact store must keep for it, separated by newlines
  checkpoint text,                 -- of a job that has not ended
  record text NOT NULL             -- core/job/job_json.h; true where it differs from a column
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE UNIQUE INDEX jobs_id ON jobs(id);
CREATE UNIQUE INDEX jobs_request ON jobs(request_key) WHERE request_key IS NOT NULL;
CREATE INDEX jobs_tenant ON jobs(tenant, number);
CREATE INDEX jobs_waiting ON jobs(claim_key, number) INCLUDE (work) WHERE state = 'queued';
CREATE INDEX jobs_state ON jobs(state, number);
CREATE INDEX jobs_reusable ON jobs(reuse_key, number) WHERE state = 'succeeded';
CREATE INDEX jobs_expiring ON jobs(expire_time) WHERE state = 'succeeded';
CREATE INDEX jobs_ended ON jobs(end_time) WHERE end_time IS NOT NULL;
CREATE INDEX jobs_checkpoint ON jobs(checkpoint) WHERE checkpoint IS NOT NULL;

-- When leases run out, by the clock of the database. Apart from jobs, so that renewing one writes a short row.
CREATE TABLE leases(
  number bigint PRIMARY KEY,
  token bigint NOT NULL,
  until timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE labels(
  name text NOT NULL,
  value text NOT NULL,
  number bigint NOT NULL,
  PRIMARY KEY(name, value, number)
);
CREATE INDEX labels_of_job ON labels(number);

CREATE TABLE log(
  number bigint NOT NULL,
  seq bigint NOT NULL,
  time bigint NOT NULL,            -- nanoseconds since 1970
  event text NOT NULL,             -- core/job/job_json.h
  PRIMARY KEY(number, seq)
);

-- Sums over jobs that have not ended, so that nobody counts them. Each session adds to a row of its own, so that none
-- waits for another's transaction; the sums of all rows count.
CREATE TABLE totals(
  shard integer PRIMARY KEY,
  waiting_jobs bigint NOT NULL,
  waiting_work bigint NOT NULL,
  running_jobs bigint NOT NULL,
  running_work bigint NOT NULL
) WITH (fillfactor = 20);
INSERT INTO totals SELECT shard, 0, 0, 0, 0 FROM generate_series(0, 63) AS shard;
)sql",
    R"sql(
CREATE TABLE queue(paused boolean NOT NULL);  -- one row: true while no job is given to a worker
INSERT INTO queue VALUES (false);
)sql",
    R"sql(
LOCK TABLE jobs IN SHARE ROW EXCLUSIVE MODE;
DROP INDEX jobs_waiting;
CREATE INDEX jobs_turn ON jobs(tenant, claim_key, number) INCLUDE (work) WHERE state = 'queued';

-- Sums over jobs that have not ended, and what the queue has given. Each session adds to rows of its own, so that none
-- waits for another's transaction: the sums of a tenant's rows count, and of head_start and turn the largest.
CREATE TABLE tenants(
  tenant text NOT NULL,
  shard integer NOT NULL,
  waiting_jobs bigint NOT NULL DEFAULT 0,
  waiting_work bigint NOT NULL DEFAULT 0,
  running_jobs bigint NOT NULL DEFAULT 0,
  running_work bigint NOT NULL DEFAULT 0,
  served bigint NOT NULL DEFAULT 0,      -- virtual microseconds that were charged
  head_start bigint NOT NULL DEFAULT 0,  -- and those that were not, because others were served meanwhile
  turn bigint NOT NULL DEFAULT 0,        -- at which its latest turn began; the latest of all tenants is the time now
  PRIMARY KEY (tenant, shard)
) WITH (fillfactor = 50);
INSERT INTO tenants(tenant, shard, waiting_jobs, waiting_work, running_jobs, running_work)
  SELECT tenant, 0, count(*) FILTER (WHERE state = 'queued'), coalesce(sum(work) FILTER (WHERE state = 'queued'), 0),
    count(*) FILTER (WHERE state <> 'queued'), coalesce(sum(work) FILTER (WHERE state <> 'queued'), 0)
  FROM jobs WHERE state IN ('queued', 'running', 'cancelling') GROUP BY tenant;

CREATE FUNCTION count_job() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  name text := CASE WHEN TG_OP = 'DELETE' THEN OLD.tenant ELSE NEW.tenant END;
  waited boolean := TG_OP <> 'INSERT' AND OLD.state = 'queued';
  waits boolean := TG_OP <> 'DELETE' AND NEW.state = 'queued';
  ran boolean := TG_OP <> 'INSERT' AND OLD.state IN ('running', 'cancelling');
  runs boolean := TG_OP <> 'DELETE' AND NEW.state IN ('running', 'cancelling');
BEGIN
  INSERT INTO tenants AS t(tenant, shard, waiting_jobs, waiting_work, running_jobs, running_work) VALUES (
      name, pg_backend_pid() % 64,
      waits::integer - waited::integer,
      CASE WHEN waits THEN NEW.work ELSE 0 END - CASE WHEN waited THEN OLD.work ELSE 0 END,
      runs::integer - ran::integer,
      CASE WHEN runs THEN NEW.work ELSE 0 END - CASE WHEN ran THEN OLD.work ELSE 0 END)
    ON CONFLICT (tenant, shard) DO UPDATE SET
      waiting_jobs = t.waiting_jobs + excluded.waiting_jobs, waiting_work = t.waiting_work + excluded.waiting_work,
      running_jobs = t.running_jobs + excluded.running_jobs, running_work = t.running_work + excluded.running_work;
  RETURN NULL;
END $$;
CREATE TRIGGER jobs_inserted AFTER INSERT ON jobs FOR EACH ROW
  WHEN (NEW.state IN ('queued', 'running', 'cancelling')) EXECUTE FUNCTION count_job();
CREATE TRIGGER jobs_updated AFTER UPDATE OF state, work ON jobs FOR EACH ROW
  WHEN ((OLD.state <> NEW.state OR OLD.work <> NEW.work) AND
    (OLD.state IN ('queued', 'running', 'cancelling') OR NEW.state IN ('queued', 'running', 'cancelling')))
  EXECUTE FUNCTION count_job();
CREATE TRIGGER jobs_deleted AFTER DELETE ON jobs FOR EACH ROW
  WHEN (OLD.state IN ('queued', 'running', 'cancelling')) EXECUTE FUNCTION count_job();
)sql",
    R"sql(
-- What tenants have used, by days of UTC since 1970: in the rows of sessions, whose sums count.
CREATE TABLE uses(
  tenant text NOT NULL,
  day bigint NOT NULL,
  shard integer NOT NULL,
  device bigint NOT NULL,        -- microseconds of devices, of jobs that have ended
  upload_bytes bigint NOT NULL,
  PRIMARY KEY (tenant, day, shard)
) WITH (fillfactor = 50);
)sql",
    R"sql(
CREATE TABLE identity(id text NOT NULL);  -- one row: what tells this store from all others
INSERT INTO identity VALUES (replace(gen_random_uuid()::text, '-', ''));
)sql",
};
constexpr int64_t kNewest = std::size(kSteps);

constexpr int64_t kMigrationLock = 0x52555949;  // "RUYI"

absl::StatusOr<int64_t> VersionOf(PostgresConnection& connection) {
  RUYI_ASSIGN_OR_RETURN(
      const PostgresRows tables,
      connection.Query("SELECT to_regclass('ruyi_schema') IS NOT NULL, to_regclass('jobs') IS NOT NULL"));
  if (tables.Bool(0, 0)) {
    RUYI_ASSIGN_OR_RETURN(const PostgresRows rows, connection.Query("SELECT max(version) FROM ruyi_schema"));
    return rows.Int(0, 0);
  }
  if (!tables.Bool(0, 1))
    return 0;
  return absl::FailedPreconditionError(absl::StrFormat(
      "the database at %s has tables of another program; name another database, or a schema of it by search_path",
      connection.where()));
}

absl::Status RunSteps(PostgresConnection& connection) {
  RUYI_ASSIGN_OR_RETURN(const int64_t version, VersionOf(connection));
  if (version > kNewest) {
    return absl::FailedPreconditionError(
        absl::StrFormat("the database at %s was written by a newer ruyi-server (schema %d; this one knows %d); start "
                        "that one, or name another database",
                        connection.where(), version, kNewest));
  }
  for (int64_t step = version; step < kNewest; ++step)
    RUYI_RETURN_IF_ERROR(connection.RunScript(kSteps[step]));
  connection.Send("UPDATE ruyi_schema SET version = $1 WHERE version < $1", kNewest);
  return connection.Flush();
}

}  // namespace

absl::Status MigratePostgresSchema(PostgresConnection& connection) {
  RUYI_RETURN_IF_ERROR(
      connection.RunScript(absl::StrCat("BEGIN; SET LOCAL lock_timeout = 0; SET LOCAL "
                                        "statement_timeout = 0; SELECT pg_advisory_xact_lock(",
                                        kMigrationLock, ")")));
  const absl::Status status = RunSteps(connection);
  connection.Forgive();
  const absl::Status end = connection.RunScript(status.ok() ? "COMMIT" : "ROLLBACK");
  return status.ok() ? end : status;
}

}  // namespace ruyi
