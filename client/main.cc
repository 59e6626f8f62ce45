// ruyi-client: the command line of ruyi.v1.VideoService and ruyi.v1.AdminService.
#include <csignal>
#include <cstdlib>
#include <utility>

#include "client/admin_command.h"
#include "client/cancel_command.h"
#include "client/capabilities_command.h"
#include "client/command_line.h"
#include "client/delete_command.h"
#include "client/estimate_command.h"
#include "client/generate_command.h"
#include "client/interrupt.h"
#include "client/standard_output.h"
#include "client/upload_command.h"

namespace ruyi::client {
namespace {

ExitCode Run(const CommandLine& line, const CommandContext& context) {
  switch (line.command) {
    case CommandLine::Command::kGenerate:
      return RunGenerate(line.generate, context);
    case CommandLine::Command::kCreate:
      return RunCreate(line.create, context);
    case CommandLine::Command::kWatch:
      return RunWatch(line.watch, context);
    case CommandLine::Command::kDownload:
      return RunDownload(line.download, context);
    case CommandLine::Command::kList:
      return RunList(line.list, context);
    case CommandLine::Command::kGet:
      return RunGet(line.get, context);
    case CommandLine::Command::kCancel:
      return RunCancel(line.name, context);
    case CommandLine::Command::kDelete:
      return RunDelete(line.name, context);
    case CommandLine::Command::kUpload:
      return RunUpload(line.uploads, context);
    case CommandLine::Command::kEstimate:
      return RunEstimate(line.estimate, context);
    case CommandLine::Command::kCapabilities:
      return RunCapabilities(line.capabilities_json, context);
    case CommandLine::Command::kAdmin:
      return RunAdmin(line.admin, context);
    case CommandLine::Command::kCompletion:
      break;  // ParseCommandLine has printed it
  }
  return ExitCode::kDone;
}

int RunProgram(int argc, char** argv) {
  const ParsedCommandLine parsed = ParseCommandLine(argc, argv);
  if (parsed.finished)
    return parsed.exit_code;
  const CommandLine& line = parsed.command_line;
  Interrupt interrupt;  // before gRPC starts threads, which inherit the mask of signals
  RealWaiter waiter;
  absl::StatusOr<ChannelOptions> channel = ChannelOptionsOf(line.connection, line.server);
  if (!channel.ok())
    return static_cast<int>(FailLocally(channel.status()));
  return static_cast<int>(Run(line, {.server = line.server,
                                     .server_given = line.server_given,
                                     .channel = *std::move(channel),
                                     .interrupt = &interrupt,
                                     .waiter = &waiter}));
}

}  // namespace
}  // namespace ruyi::client

int main(int argc, char** argv) {
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);  // errors say why; gRPC's own lines would tear the progress apart
  std::signal(SIGPIPE, SIG_IGN);                      // a reader of stdout that goes away does not stop the film
  ruyi::client::ReserveStandardStreams();
  return ruyi::client::FinishOutput(ruyi::client::RunProgram(argc, argv));
}
