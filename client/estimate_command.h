// `ruyi-client estimate`: what making a video would take, as text or JSON on stdout. Before it: CommandLine. After it:
// the exit code. Not thread-safe.
#pragma once

#include <string>

#include "client/estimate_options.h"
#include "client/exit_code.h"
#include "client/interrupt.h"

namespace ruyi::client {

// Blocks until the server has answered. That nothing fits is an answer. `server` is HOST:PORT.
ExitCode RunEstimate(const EstimateOptions& options, const std::string& server, Interrupt& interrupt);

}  // namespace ruyi::client
