#include "core/janitor/janitor.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

absl::Status NobodysArtifacts(const absl::Status& no_owner, const std::string& identity) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "%s, which would say whose these artifacts are, and there are some that this store of jobs does not know: a "
      "server that lives may need them. Give each store of jobs a folder or a prefix of its own; if they may go, write "
      "'%s' into it",
      no_owner.message(), identity));
}

}  // namespace

absl::Status Janitor::Reconcile() {
  constexpr int kPageSize = 500;
  RUYI_RETURN_IF_ERROR(TakeOver());
  RUYI_ASSIGN_OR_RETURN(const std::vector<std::string> listed, artifacts_.ResultIds());
  std::set<std::string> ids(listed.begin(), listed.end());
  std::string page_token;
  do {
    RUYI_ASSIGN_OR_RETURN(JobPage page, jobs_.List({.states = {}, .labels = {}}, kPageSize, page_token));
    for (const JobRecord& job : page.jobs)
      RUYI_RETURN_IF_ERROR(ReconcileJob(job, ids.erase(job.ticket.id) > 0));
    page_token = std::move(page.next_page_token);
  } while (!page_token.empty());
  for (const std::string& id : ids)
    RUYI_RETURN_IF_ERROR(ReconcileStray(id));
  return absl::OkStatus();
}

absl::Status Janitor::TakeOver() {
  RUYI_ASSIGN_OR_RETURN(const std::string identity, jobs_.Identity());
  const absl::Status owner = artifacts_.Owner().status();
  if (absl::IsNotFound(owner)) {
    RUYI_ASSIGN_OR_RETURN(const bool are_ours, KnowsAllArtifacts());
    if (!are_ours)
      return NobodysArtifacts(owner, identity);
  }
  return artifacts_.BelongTo(identity);
}

// Pictures and checkpoints tell nothing of whose they are; they are taken with the results beside them.
absl::StatusOr<bool> Janitor::KnowsAllArtifacts() const {
  RUYI_ASSIGN_OR_RETURN(const std::vector<std::string> ids, artifacts_.ResultIds());
  for (const std::string& id : ids) {
    const absl::Status job = jobs_.Get(id).status();
    if (absl::IsNotFound(job))
      return false;
    if (!job.ok() && !absl::IsDataLoss(job))
      return job;
  }
  RUYI_ASSIGN_OR_RETURN(const int64_t used_bytes, artifacts_.UsedBytes());
  return !ids.empty() || used_bytes == 0;
}

absl::Status Janitor::ReconcileJob(const JobRecord& job, bool has_bytes) {
  const std::string& id = job.ticket.id;
  if (job.state == JobState::kSucceeded) {
    if (!has_bytes)  // when they were listed: other servers work meanwhile
      return ExpireUnlessWhole(id);
    absl::MutexLock lock(&mutex_);
    unchecked_.push_back(id);
    return absl::OkStatus();
  }
  return IsEnded(job.state) && has_bytes ? artifacts_.DeleteResult(id) : absl::OkStatus();
}

// A record that cannot be read is in no list, and keeps its bytes until somebody deletes it.
absl::Status Janitor::ReconcileStray(const std::string& id) {
  const absl::Status job = jobs_.Get(id).status();
  if (job.ok() || absl::IsDataLoss(job))
    return absl::OkStatus();
  if (!absl::IsNotFound(job))
    return job;
  absl::MutexLock lock(&mutex_);
  strays_.insert(id);
  return absl::OkStatus();
}

absl::Status Janitor::ExpireUnlessWhole(const std::string& id) {
  const absl::StatusOr<ResultState> result = artifacts_.StatResult(id);
  if (absl::IsUnavailable(result.status()))
    return result.status();
  if (!absl::IsNotFound(result.status()) && (!result.ok() || result->is_sealed))
    return absl::OkStatus();
  const absl::Status expired = jobs_.Expire(id);
  return absl::IsNotFound(expired) ? absl::OkStatus() : expired;
}

absl::Status Janitor::CheckSome() {
  absl::MutexLock lock(&mutex_);
  for (int i = 0; i < kChecksAtATime && !unchecked_.empty(); ++i) {
    RUYI_RETURN_IF_ERROR(ExpireUnlessWhole(unchecked_.back()));
    unchecked_.pop_back();
  }
  return absl::OkStatus();
}

absl::Status Janitor::CleanUp() {
  RUYI_ASSIGN_OR_RETURN(const SweptJobs swept, jobs_.Sweep());
  {
    absl::MutexLock lock(&mutex_);
    unwanted_.insert(swept.expired.begin(), swept.expired.end());
    unwanted_.insert(swept.deleted.begin(), swept.deleted.end());
  }
  RUYI_ASSIGN_OR_RETURN(const std::string identity, jobs_.Identity());
  RUYI_RETURN_IF_ERROR(artifacts_.BelongTo(identity));
  RUYI_RETURN_IF_ERROR(DeleteUnwanted());
  RUYI_RETURN_IF_ERROR(DeleteStrays());
  RUYI_RETURN_IF_ERROR(CheckSome());
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
