// The server's log: one JSON object per line on standard error, with time, level, event and the event's fields. A
// thread of its own writes the lines, so that a reader that has stopped holds up nobody: when it is too far behind, the
// oldest lines are dropped, and a line "log_dropped" says how many. Thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace ruyi {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Lines that may wait to be written.
inline constexpr size_t kLogCapacity = 4096;

// Lines below `level` (debug, info, warning, error) are dropped from now on.
void SetLogLevel(std::string_view level);

// `fields` is an object. Never blocks for what reads the lines.
void Log(LogLevel level, std::string_view event, const nlohmann::json& fields = nlohmann::json::object());

// Blocks until all lines so far are written, at most `timeout`; false when some are not. Call it before the process
// ends: what is not written then is lost.
bool FlushLog(absl::Duration timeout);

}  // namespace ruyi
