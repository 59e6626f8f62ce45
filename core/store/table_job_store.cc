#include "core/store/table_job_store.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/store/job_quota.h"
#include "core/store/page_token.h"
#include "core/store/tenant_loads.h"

namespace ruyi {
namespace {

constexpr size_t kCancelBatch = 1000;  // jobs of one transaction, so that other writers get their turn

absl::Status VideoActive(const std::string& id) {
  return ErrorWithReason(absl::StatusCode::kFailedPrecondition,
                         absl::StrFormat("video '%s' has not ended; cancel it before it is deleted", id),
                         reason::kVideoActive);
}

absl::StatusOr<JobRow> RowOf(const JobTable& table, const std::string& id) {
  RUYI_ASSIGN_OR_RETURN(std::optional<JobRow> row, table.Find(id));
  if (!row.has_value())
    return NotFound(id);
  return *std::move(row);
}

// Returns true for an event that a worker logs; the store logs the others itself.
bool IsOfWorker(const JobEvent& event) {
  return !IsLast(event) && !std::holds_alternative<JobAccepted>(event) && !std::holds_alternative<JobQueued>(event) &&
         !std::holds_alternative<JobCancelling>(event);
}

}  // namespace

TableJobStore::TableJobStore(JobStoreOptions options, const Clock& clock) : options_(options), clock_(clock) {}

absl::Status TableJobStore::LeaseLost(const Lease& lease) {
  return ErrorWithReason(absl::StatusCode::kAborted,
                         absl::StrFormat("lease %d on video '%s' has ended, and somebody else may have the job; stop "
                                         "the work on it",
                                         lease.token, lease.job_id),
                         reason::kLeaseLost);
}

absl::StatusOr<JobRow> TableJobStore::LeasedRow(const JobTable& table, const Lease& lease) {
  RUYI_ASSIGN_OR_RETURN(std::optional<JobRow> row, table.Find(lease.job_id));
  if (!row.has_value() || row->lease_token == 0 || row->lease_token != lease.token)
    return LeaseLost(lease);
  return *std::move(row);
}

template <typename Function>
auto TableJobStore::Write(WriteKind kind, Function&& function) -> std::invoke_result_t<Function, JobTable&> {
  std::invoke_result_t<Function, JobTable&> result = absl::UnknownError("the change was never made");
  const absl::Status status = WriteRows(kind, [&](JobTable& table) {
    result = function(table);
    return result.status();
  });
  if (!status.ok())
    return status;
  return result;
}

void TableJobStore::Announce(const std::string& id) {
  hub_.Notify(id);
  OnChange(id);
}

absl::StatusOr<JobRow> TableJobStore::WriteJob(const std::string& id, Step step) {
  bool changed = false;
  absl::StatusOr<JobRow> written = Write(WriteKind::kEnding, [&](JobTable& table) -> absl::StatusOr<JobRow> {
    RUYI_ASSIGN_OR_RETURN(JobRow row, RowOf(table, id));
    JobSteps steps(table, options_, clock_);
    RUYI_ASSIGN_OR_RETURN(changed, step(steps, row));
    if (changed)
      RUYI_RETURN_IF_ERROR(table.Update(row));
    return row;
  });
  if (written.ok() && changed)
    Announce(id);
  return written;
}

absl::Status TableJobStore::WriteJobs(const std::vector<std::string>& ids, Step step) {
  if (ids.empty())
    return absl::OkStatus();
  const absl::Status written = WriteRows(WriteKind::kEnding, [&](JobTable& table) -> absl::Status {
    JobSteps steps(table, options_, clock_);
    for (const std::string& id : ids) {
      absl::StatusOr<JobRow> row = RowOf(table, id);
      if (!row.ok())
        continue;
      RUYI_ASSIGN_OR_RETURN(const bool changed, step(steps, *row));
      if (changed)
        RUYI_RETURN_IF_ERROR(table.Update(*row));
    }
    return absl::OkStatus();
  });
  RUYI_RETURN_IF_ERROR(written);
  for (const std::string& id : ids)
    Announce(id);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<JobRecord>> TableJobStore::FindByRequestId(const std::string& tenant,
                                                                        const std::string& request_id,
                                                                        const std::string& digest) const {
  return View([&](const JobTable& table) { return FindKnown(table, tenant, request_id, digest); });
}

absl::StatusOr<CreatedJob> TableJobStore::Create(NewJob job) {
  absl::StatusOr<CreatedJob> created =
      Write(WriteKind::kWork, [&](JobTable& table) { return JobSteps(table, options_, clock_).Create(job); });
  if (created.ok() && created->is_new)
    Announce(created->record.ticket.id);
  return created;
}

absl::Status TableJobStore::CheckQuota(const std::string& tenant) const {
  if (options_.quotas == nullptr || !options_.quotas->Of(tenant).LimitsJobs())
    return absl::OkStatus();
  return ViewRows([&](const JobTable& table) -> absl::Status {
    RUYI_ASSIGN_OR_RETURN(const QueueShares shares, table.Shares());
    return CheckJobQuota(table, options_, shares, {.tenant = tenant, .work = {}, .now = clock_.Now()});
  });
}

absl::Status TableJobStore::ChargeUpload(const std::string& tenant, int64_t bytes) {
  if (options_.quotas == nullptr || !options_.quotas->Of(tenant).upload_bytes_a_day.has_value())
    return absl::OkStatus();
  return WriteRows(WriteKind::kSnapshot,
                   [&](JobTable& table) { return JobSteps(table, options_, clock_).ChargeUpload(tenant, bytes); });
}

absl::StatusOr<std::optional<Lease>> TableJobStore::Claim(const std::string& /*worker*/, absl::Duration duration) {
  using Claimed = absl::StatusOr<std::optional<Lease>>;
  Claimed lease = Write(WriteKind::kWork, [&](JobTable& table) -> Claimed {
    RUYI_ASSIGN_OR_RETURN(std::optional<JobRow> row, JobSteps(table, options_, clock_).Claim(duration));
    if (!row.has_value())
      return std::nullopt;
    return Lease{.job_id = row->record.ticket.id, .token = row->lease_token, .record = std::move(row->record)};
  });
  if (lease.ok() && lease->has_value()) {
    OnLeaseGiven(**lease, duration);
    Announce((*lease)->job_id);
  }
  return lease;
}

// A lease that has run out but was not taken back yet goes on.
absl::Status TableJobStore::Renew(const Lease& lease, absl::Duration duration) {
  RUYI_ASSIGN_OR_RETURN(const JobRow row, Extend(lease, duration));
  return row.record.state == JobState::kCancelling ? row.record.error : absl::OkStatus();
}

absl::StatusOr<JobRow> TableJobStore::WriteLeased(WriteKind kind, const Lease& lease,
                                                  absl::FunctionRef<absl::Status(JobSteps&, JobRow&)> step) {
  absl::StatusOr<JobRow> written = Write(kind, [&](JobTable& table) -> absl::StatusOr<JobRow> {
    RUYI_ASSIGN_OR_RETURN(JobRow row, LeasedRow(table, lease));
    JobSteps steps(table, options_, clock_);
    RUYI_RETURN_IF_ERROR(step(steps, row));
    RUYI_RETURN_IF_ERROR(table.Update(row));
    return row;
  });
  RUYI_RETURN_IF_ERROR(written.status());
  if (written->lease_token == 0)
    OnLeaseEnded(lease.job_id, lease.token);
  Announce(lease.job_id);
  return written;
}

absl::StatusOr<int64_t> TableJobStore::Append(const Lease& lease, JobEvent event) {
  if (!IsOfWorker(event))
    return absl::InvalidArgumentError("a worker appends only what it does; the store logs the job's states itself");
  const WriteKind kind = IsSnapshot(event) ? WriteKind::kSnapshot : WriteKind::kWork;
  RUYI_ASSIGN_OR_RETURN(const JobRow row, WriteLeased(kind, lease, [&](JobSteps& steps, JobRow& found) {
                          return steps.Append(event, found);
                        }));
  return row.record.last_seq;
}

absl::Status TableJobStore::SetCheckpoint(const Lease& lease, const CheckpointRef& checkpoint) {
  const auto set = [&](JobSteps&, JobRow& row) {
    row.record.checkpoint = checkpoint;
    return absl::OkStatus();
  };
  return WriteLeased(WriteKind::kWork, lease, set).status();
}

absl::Status TableJobStore::SetOutcome(const Lease& lease, const JobCompleted& outcome) {
  const auto set = [&](JobSteps&, JobRow& row) {
    row.record.outcome = outcome;
    return absl::OkStatus();
  };
  return WriteLeased(WriteKind::kWork, lease, set).status();
}

absl::Status TableJobStore::HandBack(const Lease& lease) {
  const auto hand_back = [](JobSteps& steps, JobRow& row) { return steps.HandBack(row); };
  return WriteLeased(WriteKind::kEnding, lease, hand_back).status();
}

absl::Status TableJobStore::Finish(const Lease& lease, JobEvent last) {
  if (!IsLast(last))
    return absl::InvalidArgumentError("a job ends with completed or failed, and with no other event");
  const auto finish = [&](JobSteps& steps, JobRow& row) { return steps.Append(last, row); };
  return WriteLeased(WriteKind::kEnding, lease, finish).status();
}

absl::StatusOr<JobRecord> TableJobStore::Cancel(const std::string& id, const absl::Status& why) {
  RUYI_ASSIGN_OR_RETURN(JobRow row,
                        WriteJob(id, [&](JobSteps& steps, JobRow& found) { return steps.Cancel(why, found); }));
  return std::move(row.record);
}

absl::Status TableJobStore::CancelUnlessDetached(const std::string& id, const absl::Status& why) {
  const auto cancel = [&](JobSteps& steps, JobRow& row) { return steps.CancelUnlessDetached(why, row); };
  return WriteJob(id, cancel).status();
}

absl::Status TableJobStore::Detach(const std::string& id) {
  return WriteJob(id, [](JobSteps& steps, JobRow& row) { return steps.Detach(row); }).status();
}

absl::Status TableJobStore::CancelAll(const absl::Status& why) {
  RUYI_ASSIGN_OR_RETURN(const std::vector<std::string> ids, View([](const JobTable& table) { return table.Active(); }));
  for (auto begin = ids.begin(); begin != ids.end();) {
    const auto end = begin + std::min<ptrdiff_t>(kCancelBatch, ids.end() - begin);
    RUYI_RETURN_IF_ERROR(WriteJobs({begin, end}, [&](JobSteps& steps, JobRow& row) { return steps.Cancel(why, row); }));
    begin = end;
  }
  return absl::OkStatus();
}

absl::StatusOr<JobRecord> TableJobStore::SetPriority(const std::string& id, Priority priority) {
  const auto set = [&](JobSteps& steps, JobRow& row) { return steps.SetPriority(priority, row); };
  RUYI_ASSIGN_OR_RETURN(JobRow row, WriteJob(id, set));
  return std::move(row.record);
}

absl::Status TableJobStore::SetPaused(bool paused) {
  RUYI_RETURN_IF_ERROR(WriteRows(WriteKind::kEnding, [&](JobTable& table) { return table.SetPaused(paused); }));
  hub_.NotifyAll();
  OnQueueChange();
  return absl::OkStatus();
}

// A job that cannot be read can be deleted all the same: nobody can work on it.
absl::Status TableJobStore::Delete(const std::string& id) {
  const absl::Status deleted = WriteRows(WriteKind::kEnding, [&](JobTable& table) -> absl::Status {
    RUYI_ASSIGN_OR_RETURN(const std::optional<int64_t> number, table.NumberOf(id));
    if (!number.has_value())
      return NotFound(id);
    const absl::StatusOr<JobRow> row = RowOf(table, id);
    if (row.ok() && !IsEnded(row->record.state))
      return VideoActive(id);
    return table.Erase(*number);
  });
  if (deleted.ok())
    Announce(id);
  return deleted;
}

absl::Status TableJobStore::Expire(const std::string& id) {
  return WriteJob(id, [](JobSteps& steps, JobRow& row) { return steps.Expire(row); }).status();
}

absl::Status TableJobStore::CheckTenant(const std::string& id, const std::string& tenant) const {
  RUYI_ASSIGN_OR_RETURN(const std::optional<std::string> owner,
                        View([&](const JobTable& table) { return table.TenantOf(id); }));
  return owner == tenant ? absl::OkStatus() : NotFound(id);
}

absl::StatusOr<JobRecord> TableJobStore::Get(const std::string& id) const {
  RUYI_ASSIGN_OR_RETURN(JobRow row, View([&](const JobTable& table) { return RowOf(table, id); }));
  return std::move(row.record);
}

absl::StatusOr<std::vector<LoggedEvent>> TableJobStore::Read(const std::string& id, int64_t after_seq,
                                                             int limit) const {
  return View([&](const JobTable& table) -> absl::StatusOr<std::vector<LoggedEvent>> {
    RUYI_ASSIGN_OR_RETURN(const std::optional<int64_t> number, table.NumberOf(id));
    if (!number.has_value())
      return NotFound(id);
    return table.Log(*number, after_seq, limit);
  });
}

absl::StatusOr<JobPage> TableJobStore::List(const JobFilter& filter, int page_size,
                                            const std::string& page_token) const {
  RUYI_ASSIGN_OR_RETURN(const int64_t before, NumberOfPageToken(page_token));
  const size_t wanted = std::max(page_size, 1);
  RUYI_ASSIGN_OR_RETURN(std::vector<JobRow> rows, View([&](const JobTable& table) {
                          return table.Newest(filter, before, static_cast<int>(wanted) + 1);
                        }));
  JobPage page;
  if (rows.size() > wanted) {
    rows.resize(wanted);
    page.next_page_token = PageTokenOf(rows.back().number);
  }
  for (JobRow& row : rows)
    page.jobs.push_back(std::move(row.record));
  return page;
}

absl::StatusOr<std::optional<JobRecord>> TableJobStore::FindReusable(const std::string& reuse_key) const {
  if (reuse_key.empty())
    return std::nullopt;
  RUYI_ASSIGN_OR_RETURN(std::optional<JobRow> row,
                        View([&](const JobTable& table) { return table.FindReusable(reuse_key); }));
  if (!row.has_value())
    return std::nullopt;
  return std::move(row->record);
}

absl::StatusOr<std::string> TableJobStore::Identity() const {
  return View([](const JobTable& table) { return table.Identity(); });
}

absl::StatusOr<JobCounts> TableJobStore::Counts() const {
  RUYI_ASSIGN_OR_RETURN(const QueueShares shares, View([](const JobTable& table) { return table.Shares(); }));
  return CountsOf(shares);
}

absl::StatusOr<TenantLoads> TableJobStore::Loads(int most) const {
  return View([&](const JobTable& table) { return TenantLoadsOf(table, options_, clock_.Now(), most); });
}

absl::StatusOr<std::optional<JobQueued>> TableJobStore::PositionOf(const std::string& id) const {
  return View([&](const JobTable& table) -> absl::StatusOr<std::optional<JobQueued>> {
    RUYI_ASSIGN_OR_RETURN(const std::optional<JobRow> row, table.Find(id));
    if (!row.has_value())
      return NotFound(id);
    if (row->record.state != JobState::kQueued)
      return std::nullopt;
    return PlaceOf(table, *row);
  });
}

absl::StatusOr<std::vector<std::string>> TableJobStore::QueueOrder() const {
  return View([](const JobTable& table) -> absl::StatusOr<std::vector<std::string>> {
    RUYI_ASSIGN_OR_RETURN(const QueueShares shares, table.Shares());
    RUYI_ASSIGN_OR_RETURN(const std::vector<WaitingJob> jobs, table.Waiting());
    return FairOrder(shares, jobs);
  });
}

absl::StatusOr<JobQueued> TableJobStore::PlaceOfNew(const std::string& tenant) const {
  return View([&](const JobTable& table) { return ruyi::PlaceOfNew(table, tenant); });
}

absl::StatusOr<std::set<std::string>> TableJobStore::ReferencedInputs() const {
  return View([](const JobTable& table) { return table.Inputs(); });
}

absl::StatusOr<bool> TableJobStore::IsCheckpoint(const std::string& sha256) const {
  return View([&](const JobTable& table) { return table.IsCheckpoint(sha256); });
}

std::unique_ptr<Subscription> TableJobStore::Subscribe(const std::string& id, std::function<void()> listener) {
  return hub_.Subscribe(id, std::move(listener));
}

}  // namespace ruyi
