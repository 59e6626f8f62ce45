#include "core/store/timed_job_store.h"

namespace ruyi {

absl::StatusOr<std::optional<JobRecord>> TimedJobStore::FindByRequestId(const std::string& tenant,
                                                                        const std::string& request_id,
                                                                        const std::string& digest) const {
  return Timed("find_by_request_id", [&] { return store_.FindByRequestId(tenant, request_id, digest); });
}

absl::StatusOr<CreatedJob> TimedJobStore::Create(NewJob job) {
  return Timed("create", [&] { return store_.Create(std::move(job)); });
}

absl::Status TimedJobStore::CheckQuota(const std::string& tenant) const {
  return Timed("check_quota", [&] { return store_.CheckQuota(tenant); });
}

absl::Status TimedJobStore::ChargeUpload(const std::string& tenant, int64_t bytes) {
  return Timed("charge_upload", [&] { return store_.ChargeUpload(tenant, bytes); });
}

absl::StatusOr<std::optional<Lease>> TimedJobStore::Claim(const std::string& worker, absl::Duration duration) {
  return Timed("claim", [&] { return store_.Claim(worker, duration); });
}

absl::Status TimedJobStore::Renew(const Lease& lease, absl::Duration duration) {
  return Timed("renew", [&] { return store_.Renew(lease, duration); });
}

absl::StatusOr<int64_t> TimedJobStore::Append(const Lease& lease, JobEvent event) {
  return Timed("append", [&] { return store_.Append(lease, std::move(event)); });
}

absl::Status TimedJobStore::SetCheckpoint(const Lease& lease, const CheckpointRef& checkpoint) {
  return Timed("set_checkpoint", [&] { return store_.SetCheckpoint(lease, checkpoint); });
}

absl::Status TimedJobStore::SetOutcome(const Lease& lease, const JobCompleted& outcome) {
  return Timed("set_outcome", [&] { return store_.SetOutcome(lease, outcome); });
}

absl::Status TimedJobStore::HandBack(const Lease& lease) {
  return Timed("hand_back", [&] { return store_.HandBack(lease); });
}

absl::Status TimedJobStore::Finish(const Lease& lease, JobEvent last) {
  return Timed("finish", [&] { return store_.Finish(lease, std::move(last)); });
}

absl::StatusOr<JobRecord> TimedJobStore::Cancel(const std::string& id, const absl::Status& why) {
  return Timed("cancel", [&] { return store_.Cancel(id, why); });
}

absl::Status TimedJobStore::CancelUnlessDetached(const std::string& id, const absl::Status& why) {
  return Timed("cancel_unless_detached", [&] { return store_.CancelUnlessDetached(id, why); });
}

absl::Status TimedJobStore::Detach(const std::string& id) {
  return Timed("detach", [&] { return store_.Detach(id); });
}

absl::Status TimedJobStore::CancelAll(const absl::Status& why) {
  return Timed("cancel_all", [&] { return store_.CancelAll(why); });
}

absl::StatusOr<JobRecord> TimedJobStore::SetPriority(const std::string& id, Priority priority) {
  return Timed("set_priority", [&] { return store_.SetPriority(id, priority); });
}

absl::Status TimedJobStore::SetPaused(bool paused) {
  return Timed("set_paused", [&] { return store_.SetPaused(paused); });
}

absl::Status TimedJobStore::CheckTenant(const std::string& id, const std::string& tenant) const {
  return Timed("check_tenant", [&] { return store_.CheckTenant(id, tenant); });
}

absl::StatusOr<JobRecord> TimedJobStore::Get(const std::string& id) const {
  return Timed("get", [&] { return store_.Get(id); });
}

absl::StatusOr<std::vector<LoggedEvent>> TimedJobStore::Read(const std::string& id, int64_t after_seq,
                                                             int limit) const {
  return Timed("read", [&] { return store_.Read(id, after_seq, limit); });
}

absl::StatusOr<JobPage> TimedJobStore::List(const JobFilter& filter, int page_size,
                                            const std::string& page_token) const {
  return Timed("list", [&] { return store_.List(filter, page_size, page_token); });
}

absl::StatusOr<std::optional<JobRecord>> TimedJobStore::FindReusable(const std::string& reuse_key) const {
  return Timed("find_reusable", [&] { return store_.FindReusable(reuse_key); });
}

absl::Status TimedJobStore::Delete(const std::string& id) {
  return Timed("delete", [&] { return store_.Delete(id); });
}

absl::StatusOr<SweptJobs> TimedJobStore::Sweep() {
  return Timed("sweep", [&] { return store_.Sweep(); });
}

absl::Status TimedJobStore::Expire(const std::string& id) {
  return Timed("expire", [&] { return store_.Expire(id); });
}

absl::StatusOr<std::string> TimedJobStore::Identity() const {
  return Timed("identity", [&] { return store_.Identity(); });
}

absl::StatusOr<JobCounts> TimedJobStore::Counts() const {
  return Timed("counts", [&] { return store_.Counts(); });
}

absl::StatusOr<TenantLoads> TimedJobStore::Loads(int most) const {
  return Timed("loads", [&] { return store_.Loads(most); });
}

absl::StatusOr<std::vector<std::string>> TimedJobStore::QueueOrder() const {
  return Timed("queue_order", [&] { return store_.QueueOrder(); });
}

absl::StatusOr<std::optional<JobQueued>> TimedJobStore::PositionOf(const std::string& id) const {
  return Timed("position_of", [&] { return store_.PositionOf(id); });
}

absl::StatusOr<JobQueued> TimedJobStore::PlaceOfNew(const std::string& tenant) const {
  return Timed("place_of_new", [&] { return store_.PlaceOfNew(tenant); });
}

absl::StatusOr<std::set<std::string>> TimedJobStore::ReferencedInputs() const {
  return Timed("referenced_inputs", [&] { return store_.ReferencedInputs(); });
}

absl::StatusOr<bool> TimedJobStore::IsCheckpoint(const std::string& sha256) const {
  return Timed("is_checkpoint", [&] { return store_.IsCheckpoint(sha256); });
}

absl::Status TimedJobStore::Reachable() const {
  return store_.Reachable();
}

std::unique_ptr<Subscription> TimedJobStore::Subscribe(const std::string& id, std::function<void()> listener) {
  return store_.Subscribe(id, std::move(listener));
}

}  // namespace ruyi
