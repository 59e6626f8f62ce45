// Adds the flags of a video to each command that takes them. Before it: CommandLine. After it: RequestOptions.
// Functions without state.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/strings/str_format.h"
#include "client/flag_values.h"
#include "client/request_options.h"

namespace ruyi::client {

// Returns what is wrong with a whole number, or nothing, as CLI11 wants it; the server checks the range.
template <typename Int>
std::string CheckInt(const std::string& text) {
  if (ParseInt<Int>(text).has_value())
    return "";
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos)
    return absl::StrFormat("%s is too large", text);
  return absl::StrFormat("%s is not a whole number%s", text, std::is_unsigned_v<Int> ? " from 0" : "");
}

// Adds a flag whose value is a whole number; the server checks the range.
template <typename Int>
CLI::Option* AddIntFlag(CLI::App* command, const std::string& flag, std::optional<Int>& value,
                        const std::string& help) {
  const auto set = [&value](const std::string& text) { value = ParseInt<Int>(text); };
  return command->add_option_function<std::string>(flag, set, help)->type_name("N")->check(CheckInt<Int>);
}

// Returns what is wrong with the name of a file, or nothing, as CLI11 wants it.
std::string CheckFileName(const std::string& text);

// Adds to `command` all flags that describe the video. None is required. `options` must outlive the command.
void AddRequestFlags(CLI::App* command, RequestOptions& options);

// Adds a flag whose value is a size of memory, in MiB or with a unit.
void AddMibFlag(CLI::App* command, const std::string& flag, std::optional<int32_t>& value, const std::string& help);

}  // namespace ruyi::client
