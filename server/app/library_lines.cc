#include "server/app/library_lines.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <string>
#include <string_view>

#include "core/base/library_log.h"
#include "server/app/log.h"

namespace ruyi {
namespace {

void LogForGrpc(gpr_log_func_args* line) {
  const LogLevel level = line->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kError : LogLevel::kInfo;
  Log(level, "grpc", {{"message", line->message}});
}

LogLevel LevelOf(google::protobuf::LogLevel level) {
  switch (level) {
    case google::protobuf::LOGLEVEL_INFO:
      return LogLevel::kInfo;
    case google::protobuf::LOGLEVEL_WARNING:
      return LogLevel::kWarning;
    default:
      return LogLevel::kError;
  }
}

void LogForProtobuf(google::protobuf::LogLevel level, const char* /*file*/, int /*line*/, const std::string& message) {
  Log(LevelOf(level), "protobuf", {{"message", message}});
}

// Logs messages about pictures and videos, most of which say what is odd about a caller's picture.
void LogForMedia(std::string_view library, std::string_view message) {
  Log(LogLevel::kInfo, "library", {{"library", library}, {"message", message}});
}

}  // namespace

void LogLinesOfLibraries() {
  gpr_set_log_function(&LogForGrpc);
  google::protobuf::SetLogHandler(&LogForProtobuf);
  SetLibraryLog(&LogForMedia);
}

}  // namespace ruyi
