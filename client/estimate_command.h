// `ruyi-client estimate`: prints what making a video would take, as text or JSON on stdout. Before it: CommandLine.
// After it: the exit code. Not thread-safe.
#pragma once

#include <string>

#include "client/command_context.h"
#include "client/estimate_options.h"
#include "client/exit_code.h"

namespace ruyi::client {

// Runs the command. Blocks until the server has answered. An answer that nothing fits is no failure.
ExitCode RunEstimate(const EstimateOptions& options, const CommandContext& context);

}  // namespace ruyi::client
