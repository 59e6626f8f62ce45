// Takes the steps that a job goes through in a store, each within one transaction: its row and its log change together.
// Before it: TableJobStore. Owns nothing; not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/base/clock.h"
#include "core/store/fair_share.h"
#include "core/store/job_store.h"
#include "core/store/job_table.h"

namespace ruyi {

// Returns the record of the job that `request_id` of the tenant has made; nullopt when `request_id` is empty or not
// known. ALREADY_EXISTS REQUEST_ID_REUSED: it came with another digest.
absl::StatusOr<std::optional<JobRecord>> FindKnown(const JobTable& table, const std::string& tenant,
                                                   const std::string& request_id, const std::string& digest);

// Returns NOT_FOUND, for a job that is not there and for one that is not there for its asker.
absl::Status NotFound(const std::string& id);

// Returns the place of a job that waits in the queue.
absl::StatusOr<JobQueued> PlaceOf(const JobTable& table, const JobRow& row);

// Returns the place that a new job of `tenant` would have behind all others of the tenant.
absl::StatusOr<JobQueued> PlaceOfNew(const JobTable& table, const std::string& tenant);

class JobSteps {
 public:
  // All arguments must outlive this object.
  JobSteps(JobTable& table, const JobStoreOptions& options, const Clock& clock)
      : table_(table), options_(options), clock_(clock) {}

  // Does what JobStore::Create says, and writes the new row.
  absl::StatusOr<CreatedJob> Create(const NewJob& job);

  // Does what JobStore::ChargeUpload says.
  absl::Status ChargeUpload(const std::string& tenant, int64_t bytes);

  // Does what JobStore::Claim says, and writes the row that it returns. The functions below leave theirs to be written.
  absl::StatusOr<std::optional<JobRow>> Claim(absl::Duration duration);

  // Logs `event`, brings the record up to date and ends the lease of a job that has ended.
  absl::Status Append(JobEvent event, JobRow& row);

  // Ends the lease of a job: the job waits again, or ends when it is to be cancelled.
  absl::Status HandBack(JobRow& row);

  // Counts a crash of the job's worker, and hands the job back or ends it. `who_died` begins a sentence: "its worker
  // was lost".
  absl::Status TakeBack(std::string_view who_died, JobRow& row);

  // Does what JobStore::Cancel says, and returns whether anything has changed.
  absl::StatusOr<bool> Cancel(const absl::Status& why, JobRow& row);

  // Does the same to a job that goes with its call.
  absl::StatusOr<bool> CancelUnlessDetached(const absl::Status& why, JobRow& row);

  // Does what JobStore::SetPriority says, and returns whether anything has changed.
  absl::StatusOr<bool> SetPriority(Priority priority, JobRow& row);

  // Lets a job go on without its call, and returns whether anything has changed.
  absl::StatusOr<bool> Detach(JobRow& row);

  // Expires the result of a job that succeeded, and returns whether anything has changed.
  absl::StatusOr<bool> Expire(JobRow& row);

 private:
  absl::Status CheckRoom(const NewJob& job, const Arrival& arrival) const;
  absl::Status Begin(const NewJob& job, const Arrival& arrival, JobRow& row);
  absl::Status End(absl::Time time, JobRow& row);
  absl::StatusOr<bool> MayRunMore(const TenantShare& share);
  absl::Status SortByAge(absl::Span<Turn> turns) const;
  absl::Status BeginTurn(const Turn& turn, absl::Duration duration, JobRow& row);

  JobTable& table_;
  const JobStoreOptions& options_;
  const Clock& clock_;
};

}  // namespace ruyi
