// What is logged, as a test reads it. A function of the whole process: not thread-safe.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace ruyi {

// What `write` logs at `level`, one object per line; what is no object is a test's failure.
std::vector<nlohmann::json> Logged(std::string_view level, const std::function<void()>& write);

}  // namespace ruyi
