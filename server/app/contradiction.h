// Says which options of a server do not go together. Before it: command_line.h. A function without state; thread-safe.
#pragma once

#include <string>

#include "server/app/server_options.h"

namespace ruyi {

// Returns what is wrong with options each of which is right by itself, and what to do; empty when nothing is.
std::string ContradictionIn(const ServerOptions& options);

}  // namespace ruyi
