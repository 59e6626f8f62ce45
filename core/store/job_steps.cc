#include "core/store/job_steps.h"

#include <limits>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr absl::Duration kRetryDelay = absl::Seconds(5);

absl::Status QueueFull(int capacity) {
  return WithErrorInfo(absl::ResourceExhaustedError(
                           absl::StrFormat("the queue is full: %d jobs wait; send the request again later", capacity)),
                       {.reason = std::string(reason::kQueueFull),
                        .metadata = {{"queue_capacity", absl::StrCat(capacity)}},
                        .retry_delay = kRetryDelay});
}

absl::Status RequestIdReused(const JobTicket& known) {
  return WithErrorInfo(
      absl::AlreadyExistsError(absl::StrFormat("request_id '%s' was used for another request, which made video '%s'; "
                                               "send each new request with a request_id of its own",
                                               known.request_id, known.id)),
      {.reason = std::string(reason::kRequestIdReused), .metadata = {{"video", known.id}}});
}

absl::Status WorkerLost(std::string_view who_died, int crashes) {
  return ErrorWithReason(
      absl::StatusCode::kAborted,
      absl::StrFormat("%s %d times while it made this video, so it is not tried again; ask for fewer frames or a "
                      "smaller size, and look into the server's log",
                      who_died, crashes),
      reason::kWorkerLost);
}

absl::Status VideoEnded(const JobRecord& record) {
  const std::string_view state = IsEnded(record.state) ? "has ended" : "is being made";
  return ErrorWithReason(
      absl::StatusCode::kFailedPrecondition,
      absl::StrFormat("video '%s' %s; only one that waits can get another priority", record.ticket.id, state),
      reason::kVideoEnded);
}

absl::Status CheckKnown(const JobRow& known, const std::string& digest) {
  return known.record.ticket.request_digest == digest ? absl::OkStatus() : RequestIdReused(known.record.ticket);
}

JobSum operator+(const JobSum& a, const JobSum& b) {
  return {.jobs = a.jobs + b.jobs, .work = a.work + b.work};
}

JobSum operator-(const JobSum& a, const JobSum& b) {
  return {.jobs = a.jobs - b.jobs, .work = a.work - b.work};
}

}  // namespace

absl::Status NotFound(const std::string& id) {
  return WithErrorInfo(
      absl::NotFoundError(absl::StrFormat("there is no video '%s': it was never asked for, or was deleted", id)),
      {.reason = std::string(reason::kNotFound), .metadata = {{"video", id}}});
}

// The tenant is compared again: callers choose the id's bytes, which were not checked yet.
absl::StatusOr<std::optional<JobRecord>> FindKnown(const JobTable& table, const std::string& tenant,
                                                   const std::string& request_id, const std::string& digest) {
  if (request_id.empty())
    return std::nullopt;
  RUYI_ASSIGN_OR_RETURN(std::optional<JobRow> known, table.FindRequest(RequestKeyOf(tenant, request_id)));
  if (!known.has_value() || known->record.ticket.tenant != tenant)
    return std::nullopt;
  RUYI_RETURN_IF_ERROR(CheckKnown(*known, digest));
  return std::move(known->record);
}

absl::StatusOr<JobQueued> AheadOf(const JobTable& table, const JobRow& row) {
  RUYI_ASSIGN_OR_RETURN(const JobTotals totals, table.Totals());
  RUYI_ASSIGN_OR_RETURN(const JobSum before,
                        table.WaitingBetween(std::numeric_limits<int64_t>::min(), ClaimKeyOf(row)));
  const JobSum ahead = before + totals.running;
  return JobQueued{.position = ahead.jobs, .expected_wait = ahead.work, .paused = totals.paused};
}

absl::Status JobSteps::CheckRoom(const NewJob& job, const Arrival& arrival) const {
  if (arrival.is_id_taken)
    return absl::InternalError(absl::StrFormat("there is a job '%s' already; draw ids that differ", job.ticket.id));
  if (!job.completed.has_value() && arrival.totals.waiting.jobs >= options_.queue_capacity)
    return QueueFull(options_.queue_capacity);
  return absl::OkStatus();
}

absl::StatusOr<CreatedJob> JobSteps::Create(const NewJob& job) {
  RUYI_ASSIGN_OR_RETURN(Arrival arrival, table_.Arrive(job.ticket));
  if (arrival.known.has_value()) {
    RUYI_RETURN_IF_ERROR(CheckKnown(*arrival.known, job.ticket.request_digest));
    return CreatedJob{.record = std::move(arrival.known->record), .is_new = false};
  }
  RUYI_RETURN_IF_ERROR(CheckRoom(job, arrival));
  JobRow row;
  row.number = arrival.number;
  row.record.ticket = job.ticket;
  row.record.spec = job.spec;
  row.record.placement = job.advice;
  row.record.create_age = clock_.AgingTime();
  RUYI_RETURN_IF_ERROR(Begin(job, arrival, row));
  RUYI_RETURN_IF_ERROR(table_.Insert(row));
  return CreatedJob{.record = std::move(row.record)};
}

// A job whose result is there already has its end at once, however many wait.
absl::Status JobSteps::Begin(const NewJob& job, const Arrival& arrival, JobRow& row) {
  RUYI_RETURN_IF_ERROR(Append(JobAccepted{.placement = job.advice}, row));
  if (job.completed.has_value())
    return Append(*job.completed, row);
  const JobTotals& totals = arrival.totals;
  return AppendQueued(totals.waiting - arrival.behind + totals.running, totals.paused, row);
}

absl::Status JobSteps::Claim(absl::Duration duration, JobRow& row) {
  RUYI_ASSIGN_OR_RETURN(row.lease_token, table_.NextToken());
  row.lease_lasts = duration;
  row.record.state = JobState::kRunning;
  ++row.record.attempts;
  if (!row.record.queued.has_value() && row.record.create_age.has_value())
    row.record.queued = clock_.AgingTime() - *row.record.create_age;
  return absl::OkStatus();
}

absl::Status JobSteps::Append(JobEvent event, JobRow& row) {
  RUYI_ASSIGN_OR_RETURN(const absl::Time time, table_.Timestamp(clock_.Now()));
  JobRecord& record = row.record;
  const LoggedEvent entry = {.seq = ++record.last_seq, .time = time, .event = std::move(event)};
  Apply(entry.event, time, record);
  if (IsEnded(record.state))
    End(time, row);
  return table_.AppendLog(row.number, entry);
}

void JobSteps::End(absl::Time time, JobRow& row) const {
  JobRecord& record = row.record;
  row.lease_token = 0;
  record.end_age = clock_.AgingTime();
  if (record.state != JobState::kSucceeded)
    return;
  record.expire_time = time + options_.result_ttl;
  record.expire_age = *record.end_age + options_.result_ttl;
}

absl::Status JobSteps::AppendQueued(const JobSum& ahead, bool paused, JobRow& row) {
  JobQueued queued = {.position = ahead.jobs, .expected_wait = {}, .paused = paused};
  if (ahead.jobs == 0 || ahead.work > absl::ZeroDuration())
    queued.expected_wait = ahead.work;
  return Append(queued, row);
}

// The job's old place is near the front, so that few are before it. It is among those that run until its row is
// written.
absl::Status JobSteps::HandBack(JobRow& row) {
  if (row.record.state == JobState::kCancelling)
    return Append(JobFailed{row.record.error}, row);
  RUYI_ASSIGN_OR_RETURN(const JobTotals totals, table_.Totals());
  RUYI_ASSIGN_OR_RETURN(const JobSum before,
                        table_.WaitingBetween(std::numeric_limits<int64_t>::min(), ClaimKeyOf(row)));
  const JobSum others = totals.running - JobSum{.jobs = 1, .work = WorkOf(row.record)};
  row.lease_token = 0;
  return AppendQueued(before + others, totals.paused, row);
}

absl::Status JobSteps::TakeBack(std::string_view who_died, JobRow& row) {
  const int crashes = ++row.record.crashes;
  if (crashes < kMaxCrashes || row.record.state == JobState::kCancelling)
    return HandBack(row);
  return Append(JobFailed{WorkerLost(who_died, crashes)}, row);
}

absl::StatusOr<bool> JobSteps::Cancel(const absl::Status& why, JobRow& row) {
  if (row.record.state != JobState::kQueued && row.record.state != JobState::kRunning)
    return false;
  const bool waits = row.record.state == JobState::kQueued;
  RUYI_RETURN_IF_ERROR(Append(waits ? JobEvent(JobFailed{why}) : JobEvent(JobCancelling{why}), row));
  return true;
}

absl::StatusOr<bool> JobSteps::CancelUnlessDetached(const absl::Status& why, JobRow& row) {
  return row.record.ticket.cancel_on_disconnect ? Cancel(why, row) : false;
}

absl::StatusOr<bool> JobSteps::SetPriority(Priority priority, JobRow& row) {
  if (row.record.state != JobState::kQueued)
    return VideoEnded(row.record);
  return std::exchange(row.record.ticket.priority, priority) != priority;
}

absl::StatusOr<bool> JobSteps::Detach(JobRow& row) {
  return std::exchange(row.record.ticket.cancel_on_disconnect, false);
}

absl::StatusOr<bool> JobSteps::Expire(JobRow& row) {
  if (row.record.state != JobState::kSucceeded)
    return false;
  row.record.state = JobState::kExpired;
  RUYI_ASSIGN_OR_RETURN(row.record.expire_time, table_.Timestamp(clock_.Now()));
  row.record.expire_age = clock_.AgingTime();
  return true;
}

}  // namespace ruyi
