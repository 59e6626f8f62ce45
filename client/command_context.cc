#include "client/command_context.h"

#include <iostream>

#include "client/status_text.h"

namespace ruyi::client {

ExitCode FailCall(const CommandContext& context, const grpc::Status& status, std::string_view subject,
                  const FlagNames& flags) {
  if (context.interrupt->signal() != 0)
    return ExitCodeOfSignal(context.interrupt->signal());
  std::cerr << CallErrorText(status, context.server, flags, subject) << std::flush;
  return ExitCodeOfCall(status);
}

ExitCode Fail(ExitCode code, std::string_view message) {
  std::cerr << "error: " << message << std::endl;
  return code;
}

ExitCode FailLocally(const absl::Status& status) {
  return Fail(ExitCode::kLocalFile, std::string(status.message()));
}

}  // namespace ruyi::client
