// Defines the tables of the database of jobs, and brings an older database up to date. Functions without state;
// thread-safe.
#pragma once

#include "absl/status/status.h"
#include "core/store/sqlite/sqlite_connection.h"

namespace ruyi {

// Makes the tables in an empty database, or brings those of an older server up to date. FAILED_PRECONDITION: a newer
// server or another program wrote the database.
absl::Status MigrateSqliteSchema(SqliteConnection& connection);

}  // namespace ruyi
