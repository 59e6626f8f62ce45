#include "core/artifact/artifact_error.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "core/artifact/artifact_names.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

// Room comes with the next sweep or with an operator; neither is quick.
constexpr absl::Duration kRetryDelay = absl::Seconds(30);

}  // namespace

absl::Status ArtifactCorrupt(std::string_view message) {
  return ErrorWithReason(absl::StatusCode::kDataLoss, message, reason::kArtifactCorrupt);
}

absl::Status DiskFull(std::string_view message) {
  return WithErrorInfo(absl::ResourceExhaustedError(absl::string_view(message.data(), message.size())),
                       {.reason = std::string(reason::kDiskFull), .retry_delay = kRetryDelay});
}

absl::Status ResultChanged(std::string_view message) {
  return ErrorWithReason(absl::StatusCode::kDataLoss, message, reason::kResultChanged);
}

absl::Status NoOwner(std::string_view file) {
  return absl::NotFoundError(absl::StrFormat("%s is missing", file));
}

absl::Status CheckOwner(std::string_view file, std::string_view owner, std::string_view jobs) {
  if (owner == jobs)
    return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "these artifacts belong to another store of jobs (%s says '%s'; this one is '%s'), and a server that does not "
      "know its videos would delete them. Give each store of jobs a folder or a prefix of its own; if the other one is "
      "gone for good, write '%s' into it, and its videos are deleted",
      file, owner, jobs, jobs));
}

absl::Status NoResult(std::string_view job_id) {
  return ErrorWithReason(absl::StatusCode::kNotFound, absl::StrFormat("there is no result of job %s", job_id),
                         reason::kNotFound);
}

absl::Status NoBlob(std::string_view sha256) {
  return ErrorWithReason(absl::StatusCode::kNotFound, absl::StrFormat("there is no blob %s", sha256),
                         reason::kNotFound);
}

absl::Status ResultSealed(std::string_view job_id) {
  return absl::FailedPreconditionError(
      absl::StrFormat("the result of job %s is sealed; delete it to write another", job_id));
}

absl::Status ResultLeaseLost(std::string_view job_id, std::string_view why) {
  return ErrorWithReason(absl::StatusCode::kAborted,
                         absl::StrFormat("the result of job %s %s; stop working on it", job_id, why),
                         reason::kLeaseLost);
}

absl::Status ResultTokenTooSmall(std::string_view job_id, int64_t largest, int64_t token) {
  return ResultLeaseLost(job_id, absl::StrFormat("was opened with token %d, after this one's %d", largest, token));
}

absl::Status CheckJobId(std::string_view job_id) {
  if (IsJobId(job_id))
    return absl::OkStatus();
  return ErrorWithReason(
      absl::StatusCode::kInvalidArgument,
      absl::StrFormat("'%s' is no id of a job: 1 to 64 letters, digits, '_' and '-' were expected", job_id),
      reason::kInvalidRequest);
}

absl::Status CheckOffset(int64_t offset, int64_t size_bytes) {
  if (offset >= 0 && offset <= size_bytes)
    return absl::OkStatus();
  return WithErrorInfo(
      absl::OutOfRangeError(
          absl::StrFormat("offset is %d; it must be from 0 to %d, as many bytes as there are", offset, size_bytes)),
      {.reason = std::string(reason::kOffsetPastEnd), .metadata = {{"size_bytes", absl::StrCat(size_bytes)}}});
}

}  // namespace ruyi
