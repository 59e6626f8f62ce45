// Parses the value of --device into the names of devices. Before it: command_line.h. After it: ServerOptions. A
// function without state; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ruyi {

// Returns the devices that `text` names: "cpu" and "cuda" name themselves; "cuda:0,2" names "cuda:0" and "cuda:2".
// Returns nullopt for all else, and for a number that comes twice.
std::optional<std::vector<std::string>> ParseDevices(std::string_view text);

}  // namespace ruyi
