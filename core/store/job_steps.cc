#include "core/store/job_steps.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/store/job_quota.h"

namespace ruyi {
namespace {

absl::Status QueueFull(int capacity) {
  return WithErrorInfo(absl::ResourceExhaustedError(
                           absl::StrFormat("the queue is full: %d jobs wait; send the request again later", capacity)),
                       {.reason = std::string(reason::kQueueFull),
                        .metadata = {{"queue_capacity", absl::StrCat(capacity)}},
                        .retry_delay = kQueueRetryDelay});
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

// Returns the place behind the jobs `own` of its tenant and what `running` sums up.
JobQueued PlaceBehind(const JobSum& own, const JobSum& running, const std::string& tenant, const QueueShares& shares) {
  const JobSum ahead = AheadOf(shares, tenant, own) + running;
  JobQueued queued = {.position = ahead.jobs, .expected_wait = {}, .paused = shares.paused};
  if (ahead.jobs == 0 || ahead.work > absl::ZeroDuration())
    queued.expected_wait = ahead.work;
  return queued;
}

// Returns how long devices have worked on a job that has ended. Of one without a video nobody has said it: then it is
// the time since its start, but no more than was predicted or its checkpoint tells.
absl::Duration DeviceTimeOf(const JobRecord& record) {
  if (record.usage.has_value())
    return record.usage->worked;
  if (!record.start_time.has_value() || !record.end_time.has_value())
    return absl::ZeroDuration();
  const absl::Duration told = record.checkpoint.has_value() ? record.checkpoint->worked : absl::ZeroDuration();
  return std::min(*record.end_time - *record.start_time, std::max(told, WorkOf(record)));
}

absl::StatusOr<JobSum> OwnBefore(const JobTable& table, const JobRow& row) {
  return table.WaitingBetween(row.record.ticket.tenant, std::numeric_limits<int64_t>::min(), ClaimKeyOf(row));
}

absl::Duration ChargeOf(const JobRecord& record) {
  return ChargeOf(JobSum{.jobs = 1, .work = WorkOf(record)});
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

absl::StatusOr<JobQueued> PlaceOf(const JobTable& table, const JobRow& row) {
  RUYI_ASSIGN_OR_RETURN(const QueueShares shares, table.Shares());
  RUYI_ASSIGN_OR_RETURN(const JobSum own, OwnBefore(table, row));
  return PlaceBehind(own, shares.running(), row.record.ticket.tenant, shares);
}

absl::StatusOr<JobQueued> PlaceOfNew(const JobTable& table, const std::string& tenant) {
  RUYI_ASSIGN_OR_RETURN(const QueueShares shares, table.Shares());
  return PlaceBehind(shares.Of(tenant).waiting, shares.running(), tenant, shares);
}

absl::Status JobSteps::ChargeUpload(const std::string& tenant, int64_t bytes) {
  const std::optional<int64_t> limit = QuotaOf(options_, tenant).upload_bytes_a_day;
  if (!limit.has_value())
    return absl::OkStatus();
  RUYI_RETURN_IF_ERROR(table_.LockQuota(tenant));
  const absl::Time now = clock_.Now();
  RUYI_ASSIGN_OR_RETURN(const DayUse use, table_.UseOn(tenant, DayOf(now)));
  if (use.upload_bytes + bytes > *limit) {
    return QuotaExceeded(tenant,
                         {.name = "upload_bytes_a_day", .limit = *limit, .used = use.upload_bytes, .wanted = bytes},
                         "bytes uploaded on this day", UntilNextDay(now));
  }
  return table_.AddUse(tenant, DayOf(now), {.device = {}, .upload_bytes = bytes});
}

absl::Status JobSteps::CheckRoom(const NewJob& job, const Arrival& arrival) const {
  if (arrival.is_id_taken)
    return absl::InternalError(absl::StrFormat("there is a job '%s' already; draw ids that differ", job.ticket.id));
  if (!job.completed.has_value() && arrival.shares.waiting().jobs >= options_.queue_capacity)
    return QueueFull(options_.queue_capacity);
  return absl::OkStatus();
}

absl::StatusOr<CreatedJob> JobSteps::Create(const NewJob& job) {
  const std::string& tenant = job.ticket.tenant;
  const bool is_limited = !job.completed.has_value() && QuotaOf(options_, tenant).LimitsJobs();
  if (is_limited)
    RUYI_RETURN_IF_ERROR(table_.LockQuota(tenant));
  RUYI_ASSIGN_OR_RETURN(Arrival arrival, table_.Arrive(job.ticket));
  if (arrival.known.has_value()) {
    RUYI_RETURN_IF_ERROR(CheckKnown(*arrival.known, job.ticket.request_digest));
    return CreatedJob{.record = std::move(arrival.known->record), .is_new = false};
  }
  RUYI_RETURN_IF_ERROR(CheckRoom(job, arrival));
  if (is_limited) {
    const absl::Duration work = WorkOf({.ticket = {}, .spec = {}, .placement = job.advice});
    RUYI_RETURN_IF_ERROR(
        CheckJobQuota(table_, options_, arrival.shares, {.tenant = tenant, .work = work, .now = clock_.Now()}));
  }
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
  const QueueShares& shares = arrival.shares;
  const std::string& tenant = job.ticket.tenant;
  return Append(PlaceBehind(shares.Of(tenant).waiting - arrival.behind, shares.running(), tenant, shares), row);
}

// A tenant's jobs may all be in the hands of claims that are under way, or damaged: then the next tenant has its turn.
absl::StatusOr<std::optional<JobRow>> JobSteps::Claim(absl::Duration duration) {
  RUYI_ASSIGN_OR_RETURN(const QueueShares shares, table_.Shares());
  if (shares.paused)
    return std::nullopt;
  std::vector<Turn> turns = TurnsOf(shares);
  for (auto turn = turns.begin(); turn != turns.end();) {
    const auto end = std::find_if(turn, turns.end(), [&](const Turn& other) { return other.start != turn->start; });
    RUYI_RETURN_IF_ERROR(SortByAge(absl::MakeSpan(&*turn, end - turn)));
    for (; turn != end; ++turn) {
      RUYI_ASSIGN_OR_RETURN(const bool may_run, MayRunMore(shares.Of(turn->tenant)));
      if (!may_run)
        continue;
      RUYI_ASSIGN_OR_RETURN(std::optional<JobRow> row, table_.NextWaiting(turn->tenant));
      if (!row.has_value())
        continue;
      RUYI_RETURN_IF_ERROR(BeginTurn(*turn, duration, *row));
      return row;
    }
  }
  return std::nullopt;
}

// Looks again once it has the lock, for others may have claimed meanwhile.
absl::StatusOr<bool> JobSteps::MayRunMore(const TenantShare& share) {
  const std::optional<int64_t> limit = QuotaOf(options_, share.tenant).running;
  if (!limit.has_value())
    return true;
  if (share.running.jobs >= *limit)
    return false;
  RUYI_ASSIGN_OR_RETURN(const bool is_locked, table_.TryLockRunning(share.tenant));
  if (!is_locked)
    return false;
  RUYI_ASSIGN_OR_RETURN(const QueueShares shares, table_.Shares());
  return shares.Of(share.tenant).running.jobs < *limit;
}

absl::Status JobSteps::SortByAge(absl::Span<Turn> turns) const {
  if (turns.size() < 2)
    return absl::OkStatus();
  std::vector<std::string> tenants;
  for (const Turn& turn : turns)
    tenants.push_back(turn.tenant);
  RUYI_ASSIGN_OR_RETURN(JobTable::Places places, table_.FirstPlaces(tenants));
  std::sort(turns.begin(), turns.end(),
            [&](const Turn& a, const Turn& b) { return places[a.tenant] < places[b.tenant]; });
  return absl::OkStatus();
}

absl::Status JobSteps::BeginTurn(const Turn& turn, absl::Duration duration, JobRow& row) {
  RUYI_RETURN_IF_ERROR(table_.Charge(turn.tenant, turn.start, ChargeOf(row.record)));
  RUYI_ASSIGN_OR_RETURN(row.lease_token, table_.NextToken());
  row.lease_lasts = duration;
  row.record.state = JobState::kRunning;
  ++row.record.attempts;
  if (!row.record.queued.has_value() && row.record.create_age.has_value())
    row.record.queued = clock_.AgingTime() - *row.record.create_age;
  return table_.Update(row);
}

absl::Status JobSteps::Append(JobEvent event, JobRow& row) {
  RUYI_ASSIGN_OR_RETURN(const absl::Time time, table_.Timestamp(clock_.Now()));
  JobRecord& record = row.record;
  const LoggedEvent entry = {.seq = ++record.last_seq, .time = time, .event = std::move(event)};
  Apply(entry.event, time, record);
  if (IsEnded(record.state))
    RUYI_RETURN_IF_ERROR(End(time, row));
  return table_.AppendLog(row.number, entry);
}

absl::Status JobSteps::End(absl::Time time, JobRow& row) {
  JobRecord& record = row.record;
  row.lease_token = 0;
  record.end_age = clock_.AgingTime();
  if (record.state == JobState::kSucceeded) {
    record.expire_time = time + options_.result_ttl;
    record.expire_age = *record.end_age + options_.result_ttl;
  }
  const absl::Duration device = DeviceTimeOf(record);
  if (device <= absl::ZeroDuration())
    return absl::OkStatus();
  return table_.AddUse(record.ticket.tenant, DayOf(time), {.device = device});
}

// The job's old place is near the front, so that few are before it. It is among those that run until its row is
// written.
absl::Status JobSteps::HandBack(JobRow& row) {
  if (row.record.state == JobState::kCancelling)
    return Append(JobFailed{row.record.error}, row);
  const std::string& tenant = row.record.ticket.tenant;
  RUYI_RETURN_IF_ERROR(table_.PayBack(tenant, ChargeOf(row.record)));
  RUYI_ASSIGN_OR_RETURN(const QueueShares shares, table_.Shares());
  RUYI_ASSIGN_OR_RETURN(const JobSum own, OwnBefore(table_, row));
  const JobSum others = shares.running() - JobSum{.jobs = 1, .work = WorkOf(row.record)};
  row.lease_token = 0;
  return Append(PlaceBehind(own, others, tenant, shares), row);
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
