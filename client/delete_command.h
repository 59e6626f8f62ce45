// `ruyi-client delete`: removes a video that has ended from the server. Before it: CommandLine. After it: the exit
// code. Writes to stdout and stderr. Not thread-safe.
#pragma once

#include <string>

#include "client/command_context.h"
#include "client/exit_code.h"

namespace ruyi::client {

// Runs the command. Blocks until the server has answered.
ExitCode RunDelete(const std::string& name, const CommandContext& context);

}  // namespace ruyi::client
