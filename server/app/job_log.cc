#include "server/app/job_log.h"

#include <string>
#include <variant>

#include "absl/status/status.h"
#include "core/base/error_info.h"
#include "server/app/log.h"

namespace ruyi {
namespace {

void LogCompleted(std::string_view job_id, const JobCompleted& completed) {
  Log(LogLevel::kInfo, "job_completed",
      {{"job", job_id},
       {"size_bytes", completed.file.size_bytes},
       {"queued_s", absl::ToDoubleSeconds(completed.queued)},
       {"conditioning_s", absl::ToDoubleSeconds(completed.conditioning)},
       {"denoising_s", absl::ToDoubleSeconds(completed.denoising)},
       {"decoding_s", absl::ToDoubleSeconds(completed.decoding)}});
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

void JobLog::OnJobEvent(std::string_view job_id, const JobEvent& event) {
  if (std::holds_alternative<JobAccepted>(event))
    Log(LogLevel::kInfo, "job_accepted", {{"job", job_id}});
  else if (const auto* completed = std::get_if<JobCompleted>(&event))
    LogCompleted(job_id, *completed);
  else if (const auto* failed = std::get_if<JobFailed>(&event))
    LogFailed(job_id, failed->status);
}

}  // namespace ruyi
