#include "server/app/job_log.h"

#include <cstdint>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "core/base/error_info.h"
#include "server/app/log.h"

namespace ruyi {
namespace {

// A fault of ours is an error; anything else is how jobs and requests may end.
LogLevel LevelOf(const absl::Status& status) {
  const bool is_fault = status.code() == absl::StatusCode::kInternal || status.code() == absl::StatusCode::kUnknown ||
                        status.code() == absl::StatusCode::kDataLoss;
  return is_fault ? LogLevel::kError : LogLevel::kInfo;
}

// Writes a line for each event that an operator looks for, one overload per kind.
struct EventLogger {
  const JobRecord& job;
  int64_t seq;  // of the event

  void operator()(const JobAccepted&) const {
    Log(LogLevel::kInfo, "job_accepted",
        {{"job", job.ticket.id},
         {"request_id", job.ticket.request_id},
         {"call_id", job.ticket.call_id},
         {"tenant", job.ticket.tenant},
         {"principal", job.ticket.principal},
         {"traceparent", job.ticket.traceparent},
         {"predicted_mib", MibOf(job.placement.prediction.peak_bytes())},
         {"predicted_s", job.placement.prediction.seconds()}});
  }

  void operator()(const JobStarted& event) const {
    Log(LogLevel::kInfo, "job_started",
        {{"job", job.ticket.id},
         {"worker", event.worker},
         {"attempt", event.attempt},
         {"mode", NameOf(event.placement.prediction.mode)},
         {"predicted_mib", MibOf(event.placement.prediction.peak_bytes())},
         {"predicted_s", event.placement.prediction.seconds()},
         {"reason", event.placement.reason}});
  }

  void operator()(const JobResumed& event) const {
    Log(LogLevel::kInfo, "job_resumed", {{"job", job.ticket.id}, {"step", event.step}});
  }

  void operator()(const JobRetry& event) const {
    Log(LogLevel::kWarning, "job_retry",
        {{"job", job.ticket.id},
         {"from", NameOf(event.retry.from)},
         {"to", NameOf(event.retry.to)},
         {"reason", event.retry.reason}});
  }

  void operator()(const JobCancelling& event) const {
    Log(LogLevel::kInfo, "job_cancelling", {{"job", job.ticket.id}, {"reason", GetErrorInfo(event.why).reason}});
  }

  void operator()(const JobCompleted& event) const {
    if (!event.result.reused_from.empty()) {
      Log(LogLevel::kInfo, "job_completed",
          {{"job", job.ticket.id},
           {"size_bytes", event.result.file.size_bytes},
           {"reused_from", event.result.reused_from}});
      return;
    }
    const VideoUsage& usage = event.usage;
    Log(LogLevel::kInfo, "job_completed",
        {{"job", job.ticket.id},
         {"size_bytes", event.result.file.size_bytes},
         {"queued_s", absl::ToDoubleSeconds(usage.queued)},
         {"conditioning_s", absl::ToDoubleSeconds(usage.conditioning)},
         {"denoising_s", absl::ToDoubleSeconds(usage.denoising)},
         {"decoding_s", absl::ToDoubleSeconds(usage.decoding)},
         {"mode", NameOf(usage.report.mode)},
         {"peak_mib", MibOf(usage.report.peak_bytes)},
         {"retries", usage.report.retries},
         {"resumes", usage.resumes}});
  }

  void operator()(const JobFailed& event) const {
    Log(LevelOf(event.status), "job_failed",
        {{"job", job.ticket.id},
         {"code", absl::StatusCodeToString(event.status.code())},
         {"reason", GetErrorInfo(event.status).reason},
         {"message", std::string(event.status.message())}});
  }

  // A job that waits again was handed back or lost; the first wait follows right after the acceptance.
  void operator()(const JobQueued&) const {
    constexpr int64_t kFirstWait = 2;
    if (seq > kFirstWait)
      Log(LogLevel::kInfo, "job_requeued", {{"job", job.ticket.id}, {"crashes", job.crashes}});
  }

  void operator()(const JobProgress&) const {}
  void operator()(const JobPreview&) const {}
};

}  // namespace

void JobLog::OnJobEvent(const JobRecord& job, const LoggedEvent& event) {
  std::visit(EventLogger{job, event.seq}, event.event);
}

void JobLog::OnRefused(const CallContext& caller, const absl::Status& why) {
  Log(LevelOf(why), "request_refused",
      {{"call_id", caller.call_id},
       {"tenant", caller.tenant},
       {"principal", caller.principal},
       {"code", absl::StatusCodeToString(why.code())},
       {"reason", GetErrorInfo(why).reason},
       {"message", std::string(why.message())}});
}

}  // namespace ruyi
