#include "core/janitor/janitor.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status_macros.h"

namespace ruyi {

absl::Status Janitor::Reconcile() {
  RUYI_ASSIGN_OR_RETURN(const std::vector<std::string> ids, artifacts_.ResultIds());
  for (const std::string& id : ids)
    RUYI_RETURN_IF_ERROR(ReconcileResult(id));
  return ExpireWithoutBytes();
}

// A record that cannot be read keeps its bytes, until somebody deletes it, and holds nothing else up.
absl::Status Janitor::ReconcileResult(const std::string& job_id) {
  const absl::StatusOr<JobRecord> record = jobs_.Get(job_id);
  if (absl::IsDataLoss(record.status()))
    return absl::OkStatus();
  if (!record.ok() && !absl::IsNotFound(record.status()))
    return record.status();
  if (!record.ok()) {
    absl::MutexLock lock(&mutex_);
    strays_.insert(job_id);
    return absl::OkStatus();
  }
  const bool is_wanted = !IsEnded(record->state) || record->state == JobState::kSucceeded;
  return is_wanted ? absl::OkStatus() : artifacts_.DeleteResult(job_id);
}

absl::Status Janitor::ExpireWithoutBytes() {
  constexpr int kPageSize = 500;
  std::string page_token;
  do {
    RUYI_ASSIGN_OR_RETURN(JobPage page,
                          jobs_.List({.states = {JobState::kSucceeded}, .labels = {}}, kPageSize, page_token));
    for (const JobRecord& job : page.jobs) {
      const absl::StatusOr<ResultState> result = artifacts_.StatResult(job.ticket.id);
      if (absl::IsNotFound(result.status()) || (result.ok() && !result->is_sealed))
        RUYI_RETURN_IF_ERROR(jobs_.Expire(job.ticket.id));
    }
    page_token = std::move(page.next_page_token);
  } while (!page_token.empty());
  return absl::OkStatus();
}

absl::Status Janitor::CleanUp() {
  RUYI_ASSIGN_OR_RETURN(const SweptJobs swept, jobs_.Sweep());
  {
    absl::MutexLock lock(&mutex_);
    unwanted_.insert(swept.expired.begin(), swept.expired.end());
    unwanted_.insert(swept.deleted.begin(), swept.deleted.end());
  }
  RUYI_RETURN_IF_ERROR(DeleteUnwanted());
  RUYI_RETURN_IF_ERROR(DeleteStrays());
  RUYI_ASSIGN_OR_RETURN(const std::set<std::string> referenced, jobs_.ReferencedInputs());
  return artifacts_.SweepBlobs(referenced);
}

absl::Status Janitor::DeleteStrays() {
  absl::MutexLock lock(&mutex_);
  while (!strays_.empty()) {
    const absl::Status job = jobs_.Get(*strays_.begin()).status();
    if (absl::IsUnavailable(job))
      return job;
    if (absl::IsNotFound(job))
      RUYI_RETURN_IF_ERROR(artifacts_.DeleteResult(*strays_.begin()));
    strays_.erase(strays_.begin());
  }
  return absl::OkStatus();
}

absl::Status Janitor::DeleteUnwanted() {
  absl::MutexLock lock(&mutex_);
  while (!unwanted_.empty()) {
    RUYI_RETURN_IF_ERROR(artifacts_.DeleteResult(*unwanted_.begin()));
    unwanted_.erase(unwanted_.begin());
  }
  return absl::OkStatus();
}

}  // namespace ruyi
