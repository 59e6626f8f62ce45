// A store of jobs that one process has for itself: its memory says when leases run out, by a clock that nobody can set,
// so that renewing one costs no write. Before it: core/store/memory and core/store/sqlite. After it: TableJobStore.
// Thread-safe.
#pragma once

#include <map>
#include <string>

#include "core/store/lease_times.h"
#include "core/store/table_job_store.h"

namespace ruyi {

class LocalJobStore : public TableJobStore {
 protected:
  // `clock` must outlive the store.
  LocalJobStore(JobStoreOptions options, const Clock& clock) : TableJobStore(options, clock), lease_times_(clock) {}

  // Takes back the leases of a process that died. To be called once before all else.
  absl::Status TakeOver();

 private:
  absl::StatusOr<JobRow> Extend(const Lease& lease, absl::Duration duration) override;
  absl::StatusOr<std::map<std::string, int64_t>> LeasesThatRanOut() const override;
  void OnLeaseGiven(const Lease& lease, absl::Duration duration) override;
  void OnLeaseEnded(const std::string& job_id, int64_t token) override;

  LeaseTimes lease_times_;
};

}  // namespace ruyi
