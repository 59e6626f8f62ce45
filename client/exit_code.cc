#include "client/exit_code.h"

#include <string_view>

#include "absl/strings/str_format.h"
#include "client/connection_fault.h"

namespace ruyi::client {
namespace {

struct Meaning {
  ExitCode code;
  std::string_view text;
};

constexpr Meaning kMeanings[] = {
    {ExitCode::kDone, "done"},
    {ExitCode::kFailed, "the server failed, or somebody else cancelled the video"},
    {ExitCode::kUsage, "wrong command line"},
    {ExitCode::kRefused, "the server refused the request, or there is no connection as the flags of TLS ask for"},
    {ExitCode::kTryLater, "no server, or it has no room or starts anew: try again later"},
    {ExitCode::kLocalFile, "a local file cannot be read or written, or standard output cannot be written"},
    {ExitCode::kDamaged, "the received bytes are damaged"},
    {ExitCode::kDeadline, "not done in time"},
    {ExitCode::kNotFound, "no such video or picture, or it has expired"},
    {ExitCode::kGaveUp, "the connection broke for longer than --retry-for; --resume goes on"},
    {ExitCode::kHungUp, "ended by SIGHUP"},
    {ExitCode::kInterrupted, "ended by Ctrl-C (SIGINT)"},
    {ExitCode::kTerminated, "ended by SIGTERM"},
};

constexpr int kShellSignalBase = 128;

}  // namespace

std::string ExitCodeHelp() {
  std::string help = "Exit codes:\n";
  for (const Meaning& meaning : kMeanings) {
    absl::StrAppendFormat(&help, "  %3d  %s\n", static_cast<int>(meaning.code), meaning.text);
  }
  return help;
}

ExitCode ExitCodeOfStatus(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return ExitCode::kDone;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return ExitCode::kRefused;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::ABORTED:
      return ExitCode::kTryLater;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return ExitCode::kDeadline;
    case grpc::StatusCode::NOT_FOUND:
      return ExitCode::kNotFound;
    default:
      return ExitCode::kFailed;
  }
}

ExitCode ExitCodeOfCall(const grpc::Status& status) {
  return IsLastingFault(status) ? ExitCode::kRefused : ExitCodeOfStatus(status.error_code());
}

ExitCode ExitCodeOfSignal(int signal) {
  return static_cast<ExitCode>(kShellSignalBase + signal);
}

}  // namespace ruyi::client
