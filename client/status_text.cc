#include "client/status_text.h"

#include <google/rpc/error_details.pb.h>

#include "absl/strings/str_format.h"
#include "client/connection_fault.h"
#include "client/seconds.h"

namespace ruyi::client {
namespace {

std::string ViolationLines(const google::rpc::Status& status, const FlagNames& flags) {
  std::string lines;
  if (const auto bad_request = FindDetail<google::rpc::BadRequest>(status)) {
    for (const auto& violation : bad_request->field_violations()) {
      absl::StrAppendFormat(&lines, "  %s: %s\n", flags.Of(violation.field()), violation.description());
    }
  }
  return lines;
}

std::string PreconditionLines(const google::rpc::Status& status) {
  std::string lines;
  if (const auto failure = FindDetail<google::rpc::PreconditionFailure>(status)) {
    for (const auto& violation : failure->violations())
      absl::StrAppendFormat(&lines, "  %s: %s\n", violation.subject(), violation.description());
  }
  return lines;
}

std::string RetryLine(const google::rpc::Status& status) {
  const auto retry = FindDetail<google::rpc::RetryInfo>(status);
  return retry.has_value() ? absl::StrFormat("  try again in %s\n", DurationTextOf(retry->retry_delay())) : "";
}

std::string SubjectText(std::string_view subject) {
  return subject.empty() ? "" : absl::StrFormat("%s: ", subject);
}

}  // namespace

google::rpc::Status WithDetails(const grpc::Status& status) {
  google::rpc::Status detailed;
  if (!detailed.ParseFromString(status.error_details()))
    detailed.Clear();
  detailed.set_code(status.error_code());
  detailed.set_message(status.error_message());
  return detailed;
}

std::string ReasonText(const google::rpc::Status& status) {
  const auto info = FindDetail<google::rpc::ErrorInfo>(status);
  return info.has_value() ? absl::StrFormat(" [%s]", info->reason()) : "";
}

std::string ErrorText(const google::rpc::Status& status, const FlagNames& flags, std::string_view subject) {
  const std::string violations = ViolationLines(status, flags);
  std::string message = status.message();
  if (!violations.empty())
    message = "the server refuses the request";  // its message says the same as the lines below, by field
  else if (message.empty())
    message = absl::StrFormat("status %d", status.code());
  return absl::StrFormat("error: %s%s%s\n", SubjectText(subject), message, ReasonText(status)) + violations +
         PreconditionLines(status) + RetryLine(status);
}

std::string CallErrorText(const grpc::Status& status, const std::string& address, const FlagNames& flags,
                          std::string_view subject) {
  const google::rpc::Status detailed = WithDetails(status);
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE || detailed.details_size() > 0)
    return ErrorText(detailed, flags, subject);
  if (const ConnectionFault* const fault = FindConnectionFault(status)) {
    return absl::StrFormat("error: %sno connection with %s: %s (%s)\n  %s\n", SubjectText(subject), address,
                           fault->what, CauseText(status), fault->remedy);
  }
  return absl::StrFormat(
      "error: %sno server answers at %s: %s\n"
      "  is ruyi-server running there? Another address: --server HOST:PORT, or the variable RUYI_SERVER (for admin: "
      "RUYI_ADMIN_SERVER)\n",
      SubjectText(subject), address, CauseText(status));
}

}  // namespace ruyi::client
