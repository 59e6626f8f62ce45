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

// The number of lines that may wait to be written.
inline constexpr size_t kLogCapacity = 4096;

// Lines below `level` (debug, info, warning, error) are dropped from now on.
void SetLogLevel(std::string_view level);

// Logs a line. `fields` is an object. Never waits for the reader of the lines.
void Log(LogLevel level, std::string_view event, const nlohmann::json& fields = nlohmann::json::object());

// Blocks until all lines so far are written, at most `timeout`; returns false when some are not. Must be called before
// the process ends: lines that are not written then are lost.
bool FlushLog(absl::Duration timeout);

}  // namespace ruyi
