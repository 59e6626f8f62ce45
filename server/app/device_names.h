// The value of --device → the names of devices. Before it: command_line.h. After it: ServerOptions. A function without
// state; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ruyi {

// "cpu" and "cuda" are themselves; "cuda:0,2" is "cuda:0" and "cuda:2". nullopt for all else, and for a number that
// comes twice.
std::optional<std::vector<std::string>> ParseDevices(std::string_view text);

}  // namespace ruyi
