// Checks that a flag is a number within limits, and says in plain words when it is not: CLI::Range names limits with
// six decimals and without a unit, and takes NaN for any of them. Before it: a flag of the command line. After it: the
// options. Functions without state; thread-safe.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace ruyi {

// Returns a check that takes whole numbers from `least` to `most`. `what` says in the plural what is counted: "MiB",
// "jobs". The help of the flag shows the limits.
CLI::Validator WholeNumber(int64_t least, int64_t most, const std::string& what);

// Returns a check that takes numbers of seconds from 0 to `most`.
CLI::Validator SecondsUpTo(int64_t most);

}  // namespace ruyi
