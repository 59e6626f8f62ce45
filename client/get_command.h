// `ruyi-client get`: prints one video as it is now. Before it: CommandLine. After it: VideoText, the exit code. Writes
// to stdout and stderr. Not thread-safe.
#pragma once

#include <string>

#include "client/command_context.h"
#include "client/exit_code.h"

namespace ruyi::client {

struct GetOptions {
  std::string name;
  bool json = false;
};

// Runs the command. Blocks until the server has answered.
ExitCode RunGet(const GetOptions& options, const CommandContext& context);

}  // namespace ruyi::client
