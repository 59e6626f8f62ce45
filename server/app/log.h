// The server's log: one JSON object per line on standard error, with time, level, event and the event's fields.
// Thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace ruyi {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Lines below `level` (debug, info, warning, error) are dropped from now on.
void SetLogLevel(std::string_view level);

// `fields` is an object.
void Log(LogLevel level, std::string_view event, const nlohmann::json& fields = nlohmann::json::object());

}  // namespace ruyi
