// Implements the rules of jobs once for all stores: a JobStore on the rows of a JobTable (core/store/job_table.h). A
// store adds the transactions. Leases are for the workers of one process: their ends are kept in its memory.
// Thread-safe.
#pragma once

#include <functional>
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
#include "core/store/lease_times.h"

namespace ruyi {

class TableJobStore : public JobStore {
 public:
  absl::StatusOr<std::optional<JobRecord>> FindByRequestId(const std::string& request_id,
                                                           const std::string& digest) const override;
  absl::StatusOr<CreatedJob> Create(NewJob job) override;
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
  absl::StatusOr<JobRecord> Get(const std::string& id) const override;
  absl::StatusOr<std::vector<LoggedEvent>> Read(const std::string& id, int64_t after_seq, int limit) const override;
  absl::StatusOr<JobPage> List(const JobFilter& filter, int page_size, const std::string& page_token) const override;
  absl::StatusOr<std::optional<JobRecord>> FindReusable(const std::string& reuse_key) const override;
  absl::Status Delete(const std::string& id) override;
  absl::StatusOr<SweptJobs> Sweep() override;
  absl::Status Expire(const std::string& id) override;
  absl::StatusOr<JobCounts> Counts() const override;
  absl::StatusOr<std::vector<std::string>> QueueOrder() const override;
  absl::StatusOr<std::optional<JobQueued>> PositionOf(const std::string& id) const override;
  absl::StatusOr<std::set<std::string>> ReferencedInputs() const override;
  absl::StatusOr<bool> IsCheckpoint(const std::string& sha256) const override;
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

  // Takes back the leases of a process that died. To be called once before all else.
  absl::Status TakeOver();

 private:
  // Does the same and returns a value: `function` returns an absl::StatusOr.
  template <typename Function>
  auto Write(WriteKind kind, Function&& function) -> std::invoke_result_t<Function, JobTable&>;
  template <typename Function>
  auto View(Function&& function) const -> std::invoke_result_t<Function, const JobTable&>;

  using Step = absl::FunctionRef<absl::StatusOr<bool>(JobSteps&, JobRow&)>;

  // Takes a step with the job `id`, writes its row when the step returns true, and tells listeners. NOT_FOUND: there is
  // no such job.
  absl::StatusOr<JobRow> WriteJob(const std::string& id, Step step);

  // Does the same for many jobs in one transaction. Jobs that are gone or cannot be read are left out.
  absl::Status WriteJobs(const std::vector<std::string>& ids, Step step);

  // Does the same for the job that a worker has. ABORTED LEASE_LOST.
  absl::StatusOr<JobRow> WriteLeased(WriteKind kind, const Lease& lease,
                                     absl::FunctionRef<absl::Status(JobSteps&, JobRow&)> step);

  absl::Status TakeBackExpired(SweptJobs& swept);
  absl::Status ExpireResults(SweptJobs& swept);
  absl::Status EraseOldRecords(SweptJobs& swept);

  const JobStoreOptions options_;
  const Clock& clock_;
  LeaseTimes lease_times_;
  ChangeHub hub_;
};

}  // namespace ruyi
