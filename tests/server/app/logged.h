// Reads what is logged, for tests. A function of the whole process: not thread-safe.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace ruyi {

// Returns what `write` logs at `level`, one object per line; a line that is no object fails the test.
std::vector<nlohmann::json> Logged(std::string_view level, const std::function<void()>& write);

}  // namespace ruyi
