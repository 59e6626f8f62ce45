// The flags of a video, for each command that takes them. Before it: CommandLine. After it: RequestOptions. Functions
// without state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/request_options.h"

namespace CLI {
class App;
}  // namespace CLI

namespace ruyi::client {

// Adds to `command` all flags that say what video is meant. `options` must outlive it.
void AddRequestFlags(CLI::App* command, RequestOptions& options);

// A flag whose value is a size of memory: MiB, or with a unit.
void AddMibFlag(CLI::App* command, const std::string& flag, std::optional<int32_t>& value, const std::string& help);

}  // namespace ruyi::client
