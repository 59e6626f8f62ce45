// `ruyi-client cancel`: ends a video that waits or is being made. Before it: CommandLine. After it: the exit code.
// Writes to stdout and stderr. Not thread-safe.
#pragma once

#include <string>

#include "client/command_context.h"
#include "client/exit_code.h"

namespace ruyi::client {

// Cancels the video and prints the state that it is in then. Blocks until the server has answered.
ExitCode RunCancel(const std::string& name, const CommandContext& context);

}  // namespace ruyi::client
