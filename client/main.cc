// ruyi-client: the command line of ruyi.v1.VideoService.
#include <csignal>

#include "client/capabilities_command.h"
#include "client/command_line.h"
#include "client/estimate_command.h"
#include "client/generate_command.h"
#include "client/interrupt.h"

namespace ruyi::client {
namespace {

ExitCode Run(const CommandLine& line) {
  Interrupt interrupt;
  switch (line.command) {
    case CommandLine::Command::kCapabilities:
      return RunCapabilities(line.capabilities_json, line.server, interrupt);
    case CommandLine::Command::kEstimate:
      return RunEstimate(line.estimate, line.server, interrupt);
    case CommandLine::Command::kGenerate:
      break;
  }
  return RunGenerate(line.generate, line.server, interrupt);
}

}  // namespace
}  // namespace ruyi::client

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader of stdout that goes away does not stop the film
  const ruyi::client::ParsedCommandLine parsed = ruyi::client::ParseCommandLine(argc, argv);
  if (parsed.finished)
    return parsed.exit_code;
  return static_cast<int>(ruyi::client::Run(parsed.command_line));
}
