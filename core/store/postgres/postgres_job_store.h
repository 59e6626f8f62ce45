// Keeps jobs in a PostgreSQL database that the servers of a fleet share. Whatever a call promises is on the database's
// disk before it returns. Leases run out by the database's clock; a worker that vanishes with its process loses its job
// when that happens, whichever server notices. While the database is away every call ends with STORE_UNAVAILABLE, and
// the store comes back by itself. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/store/postgres/postgres_news.h"
#include "core/store/postgres/postgres_pool.h"
#include "core/store/postgres/time_floor.h"
#include "core/store/table_job_store.h"

namespace ruyi {

struct PostgresJobStoreOptions {
  JobStoreOptions jobs;
  int connections = 8;  // at most, beside the one for news
};

class PostgresJobStore final : public TableJobStore {
 public:
  // After the database was away, leases are taken back only once it has answered for so long, by the clock: workers
  // renew theirs first.
  static constexpr absl::Duration kGrace = absl::Seconds(15);

  // Opens the store in the database of `url` (postgresql://...), and makes or updates its tables. `clock` gives the
  // times of records and must outlive the store. Blocks on the database. UNAVAILABLE STORE_UNAVAILABLE: it cannot be
  // reached. FAILED_PRECONDITION: the URL cannot be read, another program or a newer server made the tables, or the
  // user may not make them.
  static absl::StatusOr<std::unique_ptr<PostgresJobStore>> Open(const std::string& url, PostgresJobStoreOptions options,
                                                                const Clock& clock);

  absl::Status Reachable() const override { return news_.Reachable(); }

 private:
  PostgresJobStore(const std::string& url, PostgresJobStoreOptions options, const Clock& clock);

  absl::Status Prepare();

  absl::Status WriteRows(WriteKind kind, Change change) override;
  absl::Status ViewRows(Look look) const override;
  absl::StatusOr<JobRow> Extend(const Lease& lease, absl::Duration duration) override;
  absl::StatusOr<std::map<std::string, int64_t>> LeasesThatRanOut() const override;
  void OnChange(const std::string& job_id) override { news_.Tell(job_id); }
  void OnQueueChange() override { news_.Tell(std::string(PostgresNews::kAllJobs)); }

  mutable PostgresPool pool_;
  mutable TimeFloor floor_;
  PostgresNews news_;
};

}  // namespace ruyi
