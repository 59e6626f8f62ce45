// `ruyi-client upload`: keeps pictures on the server, so that requests can name them. Before it: CommandLine. After it:
// the exit code. Writes to stdout and stderr. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "client/command_context.h"
#include "client/exit_code.h"

namespace ruyi::client {

// Uploads the pictures and prints the name of each, "images/…", in order. Ends at the first that fails. Blocks.
ExitCode RunUpload(const std::vector<std::string>& files, const CommandContext& context);

}  // namespace ruyi::client
