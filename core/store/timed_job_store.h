// A store that tells how long each operation took. Before it: core/store/observed_job_store.h. After it: the store that
// keeps the jobs. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/store/job_store.h"

namespace ruyi {

class TimedJobStore final : public JobStore {
 public:
  // Is told what was done ("claim", "append") and how long it took, whatever came of it. Must not block.
  using Listener = std::function<void(std::string_view operation, absl::Duration took)>;

  // `store` and `clock` must outlive this object.
  TimedJobStore(JobStore& store, const Clock& clock, Listener listener)
      : store_(store), clock_(clock), listener_(std::move(listener)) {}

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
  template <typename Operation>
  auto Timed(std::string_view name, Operation operation) const {
    const absl::Duration begin = clock_.Elapsed();
    auto result = operation();
    listener_(name, clock_.Elapsed() - begin);
    return result;
  }

  JobStore& store_;
  const Clock& clock_;
  const Listener listener_;
};

}  // namespace ruyi
