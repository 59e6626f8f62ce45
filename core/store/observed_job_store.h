// A store that tells observers what it logs. Each event is told once, after it was stored, with no lock held; progress
// and previews are told together with the next event of another kind. Of the processes that share a store each tells
// what its own calls have done to a job, and all that happens to a job while it has the lease. Before it: core/intake,
// core/worker. After it: the store that keeps the jobs. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/job/job_observer.h"
#include "core/store/job_store.h"

namespace ruyi {

class ObservedJobStore final : public JobStore {
 public:
  // `store` and the observers must outlive this object.
  ObservedJobStore(JobStore& store, std::vector<JobObserver*> observers)
      : store_(store), observers_(std::move(observers)) {}

  absl::StatusOr<std::optional<JobRecord>> FindByRequestId(const std::string& tenant, const std::string& request_id,
                                                           const std::string& digest) const override;
  absl::StatusOr<CreatedJob> Create(NewJob job) override;
  absl::Status CheckQuota(const std::string& tenant) const override;
  absl::Status ChargeUpload(const std::string& tenant, int64_t bytes) override;
  absl::StatusOr<std::optional<Lease>> Claim(const std::string& worker, absl::Duration duration) override;
  absl::Status Renew(const Lease& lease, absl::Duration duration) override;
  absl::StatusOr<int64_t> Append(const Lease& lease, JobEvent event) override;
  absl::Status SetCheckpoint(const Lease& lease, const CheckpointRef& checkpoint) override;
  absl::Status SetOutcome(const Lease& lease, const JobCompleted& outcome) override;
  absl::Status HandBack(const Lease& lease) override;
  absl::Status Finish(const Lease& lease, JobEvent last) override;
  absl::StatusOr<JobRecord> Cancel(const std::string& id, const absl::Status& why) override;
  absl::Status CancelUnlessDetached(const std::string& id, const absl::Status& why) override;
  absl::Status Detach(const std::string& id) override;
  absl::Status CancelAll(const absl::Status& why) override;
  absl::StatusOr<JobRecord> SetPriority(const std::string& id, Priority priority) override;
  absl::Status SetPaused(bool paused) override;
  absl::Status CheckTenant(const std::string& id, const std::string& tenant) const override;
  absl::StatusOr<JobRecord> Get(const std::string& id) const override;
  absl::StatusOr<std::vector<LoggedEvent>> Read(const std::string& id, int64_t after_seq, int limit) const override;
  absl::StatusOr<JobPage> List(const JobFilter& filter, int page_size, const std::string& page_token) const override;
  absl::StatusOr<std::optional<JobRecord>> FindReusable(const std::string& reuse_key) const override;
  absl::Status Delete(const std::string& id) override;
  absl::StatusOr<SweptJobs> Sweep() override;
  absl::Status Expire(const std::string& id) override;
  absl::StatusOr<std::string> Identity() const override;
  absl::StatusOr<JobCounts> Counts() const override;
  absl::StatusOr<TenantLoads> Loads(int most) const override;
  absl::StatusOr<std::vector<std::string>> QueueOrder() const override;
  absl::StatusOr<std::optional<JobQueued>> PositionOf(const std::string& id) const override;
  absl::StatusOr<JobQueued> PlaceOfNew(const std::string& tenant) const override;
  absl::StatusOr<std::set<std::string>> ReferencedInputs() const override;
  absl::StatusOr<bool> IsCheckpoint(const std::string& sha256) const override;
  absl::Status Reachable() const override;
  std::unique_ptr<Subscription> Subscribe(const std::string& id, std::function<void()> listener) override;

 private:
  // Remembers how far the log of a job was told.
  struct Told {
    int64_t seq = 0;
    int followers = 0;        // calls that are under way, and the lease
    bool is_telling = false;  // a thread is at it
    bool has_more = false;    // and is to look again
  };

  // Tells the job's events after `seq` from now on, until as many calls of Unfollow, or until it ends.
  void Follow(const std::string& id, int64_t seq);
  void Unfollow(const std::string& id);

  // Follows the job from here on. Returns false when it has ended, or there is none.
  bool FollowUnlessEnded(const std::string& id);
  std::vector<std::string> FollowActive();

  // Follows the job for as long as a worker of this process has it. UnfollowLease may be called more than once.
  void FollowLease(const Lease& lease);
  void UnfollowLease(const std::string& id, std::optional<int64_t> token);

  // Unfollows the lease if `status` says that it is lost, and returns `status`.
  absl::Status Noted(const Lease& lease, absl::Status status);

  void TellTakenBack(const std::string& id);

  // Tells the entries of the job's log that were not told yet.
  void Tell(const std::string& id);
  std::optional<int64_t> BeginTelling(const std::string& id);
  bool EndTelling(const std::string& id, int64_t seq, bool is_over);

  JobStore& store_;
  const std::vector<JobObserver*> observers_;
  absl::Mutex mutex_;
  std::map<std::string, Told> told_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int64_t> leases_ ABSL_GUARDED_BY(mutex_);  // tokens of the leases that are followed, by job
};

}  // namespace ruyi
