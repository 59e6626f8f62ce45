// Turns an error of SQLite into a status that says what to do. A function without state; thread-safe.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace ruyi {

// Returns the status for SQLite's error `code`, extended or not; `path` is the database, `message` is SQLite's own.
// RESOURCE_EXHAUSTED DISK_FULL: there is no room; DATA_LOSS: the file is damaged, or is no SQLite database;
// FAILED_PRECONDITION: it cannot be opened or written; INTERNAL: all else.
absl::Status StatusOfSqlite(int code, std::string_view path, std::string_view message);

}  // namespace ruyi
