// Parses command lines of ruyi-server in tests. Functions that change the environment and the standard streams while
// they run; not thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/app/command_line.h"

namespace ruyi {

// Says what a program with some arguments and environment would do, and what it prints.
struct Parsed {
  CommandLine line;
  std::string out;
  std::string error;
};

using Environment = std::map<std::string, std::string>;

inline Parsed Parse(std::vector<std::string> arguments, const Environment& environment = {}) {
  for (const auto& [name, value] : environment)
    setenv(name.c_str(), value.c_str(), 1);
  arguments.insert(arguments.begin(), "ruyi-server");
  std::vector<char*> argv;
  for (std::string& argument : arguments)
    argv.push_back(argument.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Parsed parsed;
  parsed.line = ParseCommandLine(static_cast<int>(argv.size()), argv.data());
  parsed.out = testing::internal::GetCapturedStdout();
  parsed.error = testing::internal::GetCapturedStderr();
  for (const auto& [name, value] : environment)
    unsetenv(name.c_str());
  return parsed;
}

// The options of a command line that is right.
inline ServerOptions OptionsOf(const std::vector<std::string>& arguments, const Environment& environment = {}) {
  const Parsed parsed = Parse(arguments, environment);
  EXPECT_EQ(parsed.line.exit_code, 0) << parsed.error;
  EXPECT_TRUE(parsed.line.options.has_value()) << parsed.error;
  return parsed.line.options.value_or(ServerOptions());
}

inline void ExpectUsageError(const std::vector<std::string>& arguments, const Environment& environment = {}) {
  const Parsed parsed = Parse(arguments, environment);
  EXPECT_EQ(parsed.line.exit_code, 2) << testing::PrintToString(arguments);
  EXPECT_FALSE(parsed.line.options.has_value()) << testing::PrintToString(arguments);
  EXPECT_NE(parsed.error, "") << testing::PrintToString(arguments);
}

}  // namespace ruyi
