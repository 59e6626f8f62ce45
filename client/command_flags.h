// Describes the commands and their flags. Before it: ParseCommandLine. After it: CommandLine. Functions without state.
#pragma once

#include "client/command_line.h"

namespace CLI {
class App;
}  // namespace CLI

namespace ruyi::client {

// Describes every command to `app`, which fills `line` when it parses. `line` must outlive `app`.
void AddCommands(CLI::App& app, CommandLine& line);

}  // namespace ruyi::client
