// `ruyi-client list`: prints the server's videos, newest first. Before it: CommandLine. After it: VideoTable, the exit
// code. Writes to stdout and stderr. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/command_context.h"
#include "client/exit_code.h"

namespace ruyi::client {

struct ListOptions {
  std::vector<std::string> states;  // words of StateNames(); none: all
  std::map<std::string, std::string> labels;
  std::optional<int32_t> limit;  // absent: kDefaultLimit
  bool json = false;

  static constexpr int kDefaultLimit = 50;
};

// Asks for as many pages as are needed. Blocks.
ExitCode RunList(const ListOptions& options, const CommandContext& context);

}  // namespace ruyi::client
