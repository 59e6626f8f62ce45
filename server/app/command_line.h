// Reads ruyi-server's flags, environment and configuration file into ServerOptions. Before it: main. After it:
// server.h. Functions without state.
#pragma once

#include <optional>

#include "server/app/server_options.h"

namespace ruyi {

struct CommandLine {
  std::optional<ServerOptions> options;  // absent: the program must end now
  int exit_code = 0;
};

// Parses the command line. Flags win over the environment (RUYI_...), the environment over the file named by --config.
// Prints help, version or what is wrong, with exit code 0, 0 or 2.
CommandLine ParseCommandLine(int argc, char** argv);

}  // namespace ruyi
