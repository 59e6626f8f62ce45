#include "server/app/job_log.h"

#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "core/base/error_info.h"
#include "server/app/log.h"
#include "server/convert/memory_proto.h"

namespace ruyi {
namespace {

void LogAccepted(const ObservedJob& job) {
  Log(LogLevel::kInfo, "job_accepted",
      {{"job", job.id},
       {"mode", NameOf(job.prediction.mode)},
       {"predicted_mib", MibOf(job.prediction.peak_bytes())},
       {"predicted_s", job.prediction.seconds()},
       {"reason", job.memory_reason}});
}

void LogRetry(std::string_view job_id, const Retry& retry) {
  Log(LogLevel::kWarning, "job_retry",
      {{"job", job_id}, {"from", NameOf(retry.from)}, {"to", NameOf(retry.to)}, {"reason", retry.reason}});
}

void LogCompleted(std::string_view job_id, const JobCompleted& completed) {
  Log(LogLevel::kInfo, "job_completed",
      {{"job", job_id},
       {"size_bytes", completed.file.size_bytes},
       {"queued_s", absl::ToDoubleSeconds(completed.queued)},
       {"conditioning_s", absl::ToDoubleSeconds(completed.conditioning)},
       {"denoising_s", absl::ToDoubleSeconds(completed.denoising)},
       {"decoding_s", absl::ToDoubleSeconds(completed.decoding)},
       {"mode", NameOf(completed.report.mode)},
       {"peak_mib", MibOf(completed.report.peak_bytes)},
       {"retries", completed.report.retries}});
}

// A fault of ours is an error; anything else is how jobs may end.
void LogFailed(std::string_view job_id, const absl::Status& status) {
  const bool is_fault = status.code() == absl::StatusCode::kInternal || status.code() == absl::StatusCode::kUnknown;
  Log(is_fault ? LogLevel::kError : LogLevel::kInfo, "job_failed",
      {{"job", job_id},
       {"code", absl::StatusCodeToString(status.code())},
       {"reason", GetErrorInfo(status).reason},
       {"message", std::string(status.message())}});
}

}  // namespace

void JobLog::OnJobEvent(const ObservedJob& job, const JobEvent& event) {
  if (std::holds_alternative<JobAccepted>(event))
    LogAccepted(job);
  else if (const auto* retry = std::get_if<JobRetry>(&event))
    LogRetry(job.id, retry->retry);
  else if (const auto* completed = std::get_if<JobCompleted>(&event))
    LogCompleted(job.id, *completed);
  else if (const auto* failed = std::get_if<JobFailed>(&event))
    LogFailed(job.id, failed->status);
}

}  // namespace ruyi
