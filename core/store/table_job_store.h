// Implements the rules of jobs once for all stores: a JobStore on the rows of a JobTable (core/store/job_table.h). A
// store adds the transactions, and says when leases run out: LocalJobStore by the memory of its process, a store that
// several processes share by its table. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/functional/function_ref.h"
#include "core/base/change_hub.h"
#include "core/base/clock.h"
#include "core/store/job_steps.h"
#include "core/store/job_store.h"
#include "core/store/job_table.h"

namespace ruyi {

class TableJobStore : public JobStore {
 public:
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
  absl::Status Reachable() const override { return absl::OkStatus(); }
  std::unique_ptr<Subscription> Subscribe(const std::string& id, std::function<void()> listener) override;

 protected:
  enum class WriteKind {
    kSnapshot,  // a crash of the machine may lose it
    kWork,      // kept once the call returns
    kEnding,    // kept once the call returns, and on a full disk too: it ends or deletes jobs
  };
  using Change = absl::FunctionRef<absl::Status(JobTable&)>;
  using Look = absl::FunctionRef<absl::Status(const JobTable&)>;

  // `clock` must outlive the store.
  TableJobStore(JobStoreOptions options, const Clock& clock);

  // Runs `change` in a transaction of its own. When `change` or the database returns an error, nothing is changed.
  // `change` may be run several times.
  virtual absl::Status WriteRows(WriteKind kind, Change change) = 0;

  // Runs `look` on one consistent state of the rows, while others may write.
  virtual absl::Status ViewRows(Look look) const = 0;

  // Makes the lease end `duration` from now, and returns its job. ABORTED LEASE_LOST.
  virtual absl::StatusOr<JobRow> Extend(const Lease& lease, absl::Duration duration) = 0;

  // Returns the tokens of leases that have run out, by job.
  virtual absl::StatusOr<std::map<std::string, int64_t>> LeasesThatRanOut() const = 0;

  // Are called after a lease was given, or has ended. A store whose table keeps the ends of leases needs neither.
  virtual void OnLeaseGiven(const Lease& /*lease*/, absl::Duration /*duration*/) {}
  virtual void OnLeaseEnded(const std::string& /*job_id*/, int64_t /*token*/) {}

  // Is called after each change, when the listeners of this process have been told.
  virtual void OnChange(const std::string& /*job_id*/) {}

  // Is called after a change of the queue, which all jobs may notice, when the listeners of this process have been
  // told.
  virtual void OnQueueChange() {}

  // Tells the listeners of this process what others have changed.
  ChangeHub& hub() { return hub_; }

  // Runs `function`, which returns an absl::StatusOr, as `look`.
  template <typename Function>
  auto View(Function&& function) const -> std::invoke_result_t<Function, const JobTable&> {
    std::invoke_result_t<Function, const JobTable&> result = absl::UnknownError("nobody looked");
    const absl::Status status = ViewRows([&](const JobTable& table) {
      result = function(table);
      return result.status();
    });
    if (!status.ok())
      return status;
    return result;
  }

  using Step = absl::FunctionRef<absl::StatusOr<bool>(JobSteps&, JobRow&)>;

  // Takes a step with each of the jobs, in one transaction, writes the rows for which it returns true, and tells
  // listeners. Jobs that are gone or cannot be read are left out.
  absl::Status WriteJobs(const std::vector<std::string>& ids, Step step);

  // Returns the row of the job that `lease` is on. ABORTED LEASE_LOST.
  static absl::StatusOr<JobRow> LeasedRow(const JobTable& table, const Lease& lease);

  // Returns ABORTED LEASE_LOST.
  static absl::Status LeaseLost(const Lease& lease);

 private:
  // Runs `function`, which returns an absl::StatusOr, as `change`.
  template <typename Function>
  auto Write(WriteKind kind, Function&& function) -> std::invoke_result_t<Function, JobTable&>;

  // Takes a step with the job `id`, writes its row when the step returns true, and tells listeners. NOT_FOUND: there is
  // no such job.
  absl::StatusOr<JobRow> WriteJob(const std::string& id, Step step);

  // Does the same for the job that a worker has. ABORTED LEASE_LOST.
  absl::StatusOr<JobRow> WriteLeased(WriteKind kind, const Lease& lease,
                                     absl::FunctionRef<absl::Status(JobSteps&, JobRow&)> step);

  void Announce(const std::string& id);
  absl::Status TakeBackExpired(SweptJobs& swept);
  absl::Status ExpireResults(SweptJobs& swept);
  absl::Status EraseOldRecords(SweptJobs& swept);

  const JobStoreOptions options_;
  const Clock& clock_;
  ChangeHub hub_;
};

}  // namespace ruyi
