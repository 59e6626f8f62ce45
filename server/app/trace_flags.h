// Defines the flag that says where traces go. Before it: command_line.h. After it: ServerOptions. A function without
// state.
#pragma once

#include <CLI/CLI.hpp>

#include "server/app/server_options.h"

namespace ruyi {

void AddTraceFlags(CLI::App& app, ServerOptions& options);

}  // namespace ruyi
