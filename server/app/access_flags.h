// Defines the flags that say who may call the server, and says which of them do not go together. Before it:
// command_line.h. After it: AccessOptions. Functions without state.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "server/app/server_options.h"

namespace ruyi {

void AddAccessFlags(CLI::App& app, AccessOptions& options);

// Returns what is wrong with the options of a server that listens on `listen`, as `flag` says, and what to do; empty
// when nothing is.
std::string WrongAccess(const AccessOptions& options, const std::string& listen, const std::string& flag);

}  // namespace ruyi
