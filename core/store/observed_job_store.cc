#include "core/store/observed_job_store.h"

#include <utility>

#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr int kBatch = 100;

}  // namespace

void ObservedJobStore::Follow(const std::string& id, int64_t seq) {
  absl::MutexLock lock(&mutex_);
  ++told_.try_emplace(id, Told{.seq = seq}).first->second.followers;
}

void ObservedJobStore::Unfollow(const std::string& id) {
  absl::MutexLock lock(&mutex_);
  const auto found = told_.find(id);
  if (found != told_.end() && --found->second.followers <= 0)
    told_.erase(found);
}

bool ObservedJobStore::FollowUnlessEnded(const std::string& id) {
  const absl::StatusOr<JobRecord> record = store_.Get(id);
  if (!record.ok() || IsEnded(record->state))
    return false;
  Follow(id, record->last_seq);
  return true;
}

std::vector<std::string> ObservedJobStore::FollowActive() {
  const JobFilter active = {.states = {JobState::kQueued, JobState::kRunning}};
  std::vector<std::string> ids;
  std::string token;
  do {
    const absl::StatusOr<JobPage> page = store_.List(active, kBatch, token);
    if (!page.ok())
      return ids;
    for (const JobRecord& job : page->jobs) {
      Follow(job.ticket.id, job.last_seq);
      ids.push_back(job.ticket.id);
    }
    token = page->next_page_token;
  } while (!token.empty());
  return ids;
}

void ObservedJobStore::FollowLease(const Lease& lease) {
  Follow(lease.job_id, lease.record.last_seq);
  bool had_earlier = false;  // whose worker has not come back
  {
    absl::MutexLock lock(&mutex_);
    had_earlier = !leases_.insert_or_assign(lease.job_id, lease.token).second;
  }
  if (had_earlier)
    Unfollow(lease.job_id);
}

void ObservedJobStore::UnfollowLease(const std::string& id, std::optional<int64_t> token) {
  {
    absl::MutexLock lock(&mutex_);
    const auto found = leases_.find(id);
    if (found == leases_.end() || (token.has_value() && *token != found->second))
      return;
    leases_.erase(found);
  }
  Unfollow(id);
}

absl::Status ObservedJobStore::Noted(const Lease& lease, absl::Status status) {
  if (absl::IsAborted(status))
    UnfollowLease(lease.job_id, lease.token);
  return status;
}

std::optional<int64_t> ObservedJobStore::BeginTelling(const std::string& id) {
  absl::MutexLock lock(&mutex_);
  const auto found = told_.find(id);
  if (found == told_.end())
    return std::nullopt;
  Told& told = found->second;
  told.has_more = std::exchange(told.is_telling, true);
  return told.has_more ? std::nullopt : std::optional(told.seq);
}

// Returns whether there may be more to tell by now.
bool ObservedJobStore::EndTelling(const std::string& id, int64_t seq, bool is_over) {
  absl::MutexLock lock(&mutex_);
  const auto found = told_.find(id);
  if (found == told_.end())
    return false;
  if (is_over) {
    told_.erase(found);
    leases_.erase(id);
    return false;
  }
  Told& told = found->second;
  const bool has_more = std::exchange(told.has_more, false);
  told.seq = seq;
  told.is_telling = has_more;
  return has_more;
}

void ObservedJobStore::Tell(const std::string& id) {
  std::optional<int64_t> begin = BeginTelling(id);
  if (!begin.has_value())
    return;
  int64_t seq = *begin;
  bool is_over = false;
  do {
    const absl::StatusOr<std::vector<LoggedEvent>> entries = store_.Read(id, seq, kBatch);
    const absl::StatusOr<JobRecord> job = store_.Get(id);
    is_over = !entries.ok() || !job.ok();
    for (size_t i = 0; !is_over && i < entries->size(); ++i) {
      const LoggedEvent& entry = (*entries)[i];
      for (JobObserver* observer : observers_)
        observer->OnJobEvent(*job, entry);
      seq = entry.seq;
      is_over = IsLast(entry.event);
    }
  } while (EndTelling(id, seq, is_over));
}

absl::StatusOr<std::optional<JobRecord>> ObservedJobStore::FindByRequestId(const std::string& tenant,
                                                                           const std::string& request_id,
                                                                           const std::string& digest) const {
  return store_.FindByRequestId(tenant, request_id, digest);
}

// Follows the job before it is there, for a worker may have it before Create returns.
absl::StatusOr<CreatedJob> ObservedJobStore::Create(NewJob job) {
  const std::string id = job.ticket.id;
  Follow(id, 0);
  absl::StatusOr<CreatedJob> created = store_.Create(std::move(job));
  if (created.ok() && created->is_new)
    Tell(id);
  Unfollow(id);
  return created;
}

absl::Status ObservedJobStore::CheckQuota(const std::string& tenant) const {
  return store_.CheckQuota(tenant);
}

absl::Status ObservedJobStore::ChargeUpload(const std::string& tenant, int64_t bytes) {
  return store_.ChargeUpload(tenant, bytes);
}

absl::StatusOr<std::optional<Lease>> ObservedJobStore::Claim(const std::string& worker, absl::Duration duration) {
  absl::StatusOr<std::optional<Lease>> lease = store_.Claim(worker, duration);
  if (lease.ok() && lease->has_value())
    FollowLease(**lease);
  return lease;
}

absl::Status ObservedJobStore::Renew(const Lease& lease, absl::Duration duration) {
  return store_.Renew(lease, duration);
}

absl::StatusOr<int64_t> ObservedJobStore::Append(const Lease& lease, JobEvent event) {
  const bool is_snapshot = IsSnapshot(event);  // there are many, and no observer waits for them
  absl::StatusOr<int64_t> seq = store_.Append(lease, std::move(event));
  if (!seq.ok())
    return Noted(lease, seq.status());
  if (!is_snapshot)
    Tell(lease.job_id);
  return seq;
}

absl::Status ObservedJobStore::SetCheckpoint(const Lease& lease, const CheckpointRef& checkpoint) {
  return Noted(lease, store_.SetCheckpoint(lease, checkpoint));
}

absl::Status ObservedJobStore::SetOutcome(const Lease& lease, const JobCompleted& outcome) {
  return Noted(lease, store_.SetOutcome(lease, outcome));
}

absl::Status ObservedJobStore::HandBack(const Lease& lease) {
  absl::Status status = Noted(lease, store_.HandBack(lease));
  if (status.ok()) {
    Tell(lease.job_id);
    UnfollowLease(lease.job_id, lease.token);
  }
  return status;
}

absl::Status ObservedJobStore::Finish(const Lease& lease, JobEvent last) {
  absl::Status status = Noted(lease, store_.Finish(lease, std::move(last)));
  if (status.ok())
    Tell(lease.job_id);
  return status;
}

absl::StatusOr<JobRecord> ObservedJobStore::Cancel(const std::string& id, const absl::Status& why) {
  const bool is_followed = FollowUnlessEnded(id);
  absl::StatusOr<JobRecord> cancelled = store_.Cancel(id, why);
  if (cancelled.ok())
    Tell(id);
  if (is_followed)
    Unfollow(id);
  return cancelled;
}

absl::Status ObservedJobStore::CancelUnlessDetached(const std::string& id, const absl::Status& why) {
  const bool is_followed = FollowUnlessEnded(id);
  const absl::Status status = store_.CancelUnlessDetached(id, why);
  if (status.ok())
    Tell(id);
  if (is_followed)
    Unfollow(id);
  return status;
}

absl::Status ObservedJobStore::Detach(const std::string& id) {
  return store_.Detach(id);
}

absl::Status ObservedJobStore::CancelAll(const absl::Status& why) {
  const std::vector<std::string> ids = FollowActive();
  const absl::Status status = store_.CancelAll(why);
  for (const std::string& id : ids) {
    Tell(id);
    Unfollow(id);
  }
  return status;
}

absl::StatusOr<JobRecord> ObservedJobStore::SetPriority(const std::string& id, Priority priority) {
  return store_.SetPriority(id, priority);
}

absl::Status ObservedJobStore::SetPaused(bool paused) {
  return store_.SetPaused(paused);
}

absl::Status ObservedJobStore::CheckTenant(const std::string& id, const std::string& tenant) const {
  return store_.CheckTenant(id, tenant);
}

absl::StatusOr<JobRecord> ObservedJobStore::Get(const std::string& id) const {
  return store_.Get(id);
}

absl::StatusOr<std::vector<LoggedEvent>> ObservedJobStore::Read(const std::string& id, int64_t after_seq,
                                                                int limit) const {
  return store_.Read(id, after_seq, limit);
}

absl::StatusOr<JobPage> ObservedJobStore::List(const JobFilter& filter, int page_size,
                                               const std::string& page_token) const {
  return store_.List(filter, page_size, page_token);
}

absl::StatusOr<std::optional<JobRecord>> ObservedJobStore::FindReusable(const std::string& reuse_key) const {
  return store_.FindReusable(reuse_key);
}

absl::Status ObservedJobStore::Delete(const std::string& id) {
  return store_.Delete(id);
}

// The job of another process is followed from its last event on, which the sweep has made.
void ObservedJobStore::TellTakenBack(const std::string& id) {
  const absl::StatusOr<JobRecord> record = store_.Get(id);
  if (!record.ok())
    return;
  Follow(id, record->last_seq - 1);
  Tell(id);
  UnfollowLease(id, std::nullopt);
  Unfollow(id);
}

absl::StatusOr<SweptJobs> ObservedJobStore::Sweep() {
  absl::StatusOr<SweptJobs> swept = store_.Sweep();
  if (swept.ok()) {
    for (const std::string& id : swept->taken_back)
      TellTakenBack(id);
  }
  return swept;
}

absl::Status ObservedJobStore::Expire(const std::string& id) {
  return store_.Expire(id);
}

absl::StatusOr<std::string> ObservedJobStore::Identity() const {
  return store_.Identity();
}

absl::StatusOr<JobCounts> ObservedJobStore::Counts() const {
  return store_.Counts();
}

absl::StatusOr<TenantLoads> ObservedJobStore::Loads(int most) const {
  return store_.Loads(most);
}

absl::StatusOr<std::vector<std::string>> ObservedJobStore::QueueOrder() const {
  return store_.QueueOrder();
}

absl::StatusOr<std::optional<JobQueued>> ObservedJobStore::PositionOf(const std::string& id) const {
  return store_.PositionOf(id);
}

absl::StatusOr<JobQueued> ObservedJobStore::PlaceOfNew(const std::string& tenant) const {
  return store_.PlaceOfNew(tenant);
}

absl::StatusOr<std::set<std::string>> ObservedJobStore::ReferencedInputs() const {
  return store_.ReferencedInputs();
}

absl::StatusOr<bool> ObservedJobStore::IsCheckpoint(const std::string& sha256) const {
  return store_.IsCheckpoint(sha256);
}

absl::Status ObservedJobStore::Reachable() const {
  return store_.Reachable();
}

std::unique_ptr<Subscription> ObservedJobStore::Subscribe(const std::string& id, std::function<void()> listener) {
  return store_.Subscribe(id, std::move(listener));
}

}  // namespace ruyi
