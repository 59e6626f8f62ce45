// Defines the tables of the database of jobs, and brings an older database up to date. Functions without state;
// thread-safe.
#pragma once

#include "absl/status/status.h"
#include "core/store/postgres/postgres_connection.h"

namespace ruyi {

// Makes the tables in the schema that the connection's search_path names first, or brings those of an older server up
// to date. Of servers that start together one does it, and the others wait. FAILED_PRECONDITION: a newer server or
// another program made the tables, or the user may not. Blocks.
absl::Status MigratePostgresSchema(PostgresConnection& connection);

}  // namespace ruyi
