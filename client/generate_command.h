// `ruyi-client generate`: reads the pictures, makes the call, saves the film. Before it: CommandLine. After it: the
// exit code. Writes to stdout and stderr. Not thread-safe.
#pragma once

#include <string>

#include "client/exit_code.h"
#include "client/generate_options.h"
#include "client/interrupt.h"

namespace ruyi::client {

// Blocks until the file has its name, or until it is known that it gets none; no temporary file is left. `server` is
// HOST:PORT.
ExitCode RunGenerate(const GenerateOptions& options, const std::string& server, Interrupt& interrupt);

}  // namespace ruyi::client
