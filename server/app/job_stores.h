// Opens the store of jobs that --store names, and the clock by which what is kept gets old. Before it: file_stores.h.
// After it: core/store/sqlite, core/store/postgres. Functions without state; thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "server/app/server_options.h"
#include "server/app/stores.h"

namespace ruyi {

// Returns true when `store` names a database that servers share. Whether it is there is found out when it is opened.
bool IsSharedStore(const std::string& store);

// Returns the stores with `clock` and `jobs` alone: in the state folder, whose time goes on from one process to the
// next, or in a database, by whose time all its servers go. `machine` must outlive them. Blocks on disk or database.
// Errors: those of SqliteJobStore::Open or PostgresJobStore::Open.
absl::StatusOr<Stores> OpenJobStore(const ServerOptions& options, const Clock& machine);

}  // namespace ruyi
