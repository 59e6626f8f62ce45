#include "server/app/job_log.h"

#include <cstdint>
#include <string>
#include <string_view>
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

  // Logs a line with the job's id, and those of the call that made it.
  void Write(LogLevel level, std::string_view event, nlohmann::json fields) const {
    fields["job"] = job.ticket.id;
    fields["call_id"] = job.ticket.call_id;
    fields["traceparent"] = job.ticket.traceparent;
    Log(level, event, fields);
  }

  void operator()(const JobAccepted&) const {
    Write(LogLevel::kInfo, "job_accepted",
          {{"request_id", job.ticket.request_id},
           {"tenant", job.ticket.tenant},
           {"principal", job.ticket.principal},
           {"predicted_mib", MibOf(job.placement.prediction.peak_bytes())},
           {"predicted_s", job.placement.prediction.seconds()}});
  }

  void operator()(const JobStarted& event) const {
    Write(LogLevel::kInfo, "job_started",
          {{"worker", event.worker},
           {"attempt", event.attempt},
           {"mode", NameOf(event.placement.prediction.mode)},
           {"predicted_mib", MibOf(event.placement.prediction.peak_bytes())},
           {"predicted_s", event.placement.prediction.seconds()},
           {"reason", event.placement.reason}});
  }

  void operator()(const JobResumed& event) const { Write(LogLevel::kInfo, "job_resumed", {{"step", event.step}}); }

  void operator()(const JobRetry& event) const {
    Write(LogLevel::kWarning, "job_retry",
          {{"from", NameOf(event.retry.from)}, {"to", NameOf(event.retry.to)}, {"reason", event.retry.reason}});
  }

  void operator()(const JobCancelling& event) const {
    Write(LogLevel::kInfo, "job_cancelling", {{"reason", GetErrorInfo(event.why).reason}});
  }

  void operator()(const JobCompleted& event) const {
    if (!event.result.reused_from.empty()) {
      Write(LogLevel::kInfo, "job_completed",
            {{"size_bytes", event.result.file.size_bytes}, {"reused_from", event.result.reused_from}});
      return;
    }
    const VideoUsage& usage = event.usage;
    Write(LogLevel::kInfo, "job_completed",
          {{"size_bytes", event.result.file.size_bytes},
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
    Write(LevelOf(event.status), "job_failed",
          {{"code", absl::StatusCodeToString(event.status.code())},
           {"reason", GetErrorInfo(event.status).reason},
           {"message", std::string(event.status.message())}});
  }

  // A job that waits again was handed back or lost; the first wait follows right after the acceptance.
  void operator()(const JobQueued&) const {
    constexpr int64_t kFirstWait = 2;
    if (seq > kFirstWait)
      Write(LogLevel::kInfo, "job_requeued", {{"crashes", job.crashes}});
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
       {"traceparent", caller.traceparent},
       {"tenant", caller.tenant},
       {"principal", caller.principal},
       {"code", absl::StatusCodeToString(why.code())},
       {"reason", GetErrorInfo(why).reason},
       {"message", std::string(why.message())}});
}

}  // namespace ruyi
