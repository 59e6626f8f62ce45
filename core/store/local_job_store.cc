#include "core/store/local_job_store.h"

#include <vector>

#include "core/base/status_macros.h"

namespace ruyi {

absl::Status LocalJobStore::TakeOver() {
  RUYI_ASSIGN_OR_RETURN(const std::vector<std::string> leased,
                        View([](const JobTable& table) { return table.Leased(); }));
  return WriteJobs(leased, [](JobSteps& steps, JobRow& row) -> absl::StatusOr<bool> {
    RUYI_RETURN_IF_ERROR(steps.TakeBack("the server's process died", row));
    return true;
  });
}

absl::StatusOr<JobRow> LocalJobStore::Extend(const Lease& lease, absl::Duration duration) {
  if (!lease_times_.Extend(lease.job_id, lease.token, duration))
    return LeaseLost(lease);
  return View([&](const JobTable& table) { return LeasedRow(table, lease); });
}

absl::StatusOr<std::map<std::string, int64_t>> LocalJobStore::LeasesThatRanOut() const {
  return lease_times_.Expired();
}

void LocalJobStore::OnLeaseGiven(const Lease& lease, absl::Duration duration) {
  lease_times_.Start(lease.job_id, lease.token, duration);
}

void LocalJobStore::OnLeaseEnded(const std::string& job_id, int64_t token) {
  lease_times_.End(job_id, token);
}

}  // namespace ruyi
