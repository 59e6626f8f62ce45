// Opens the store of jobs that --store names, and the clock by which what is kept gets old. Before it: open_stores.h.
// After it: core/store/sqlite, core/store/postgres. A function without state.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "server/app/server_options.h"
#include "server/app/stores.h"

namespace ruyi {

// Returns the stores with `clock` and `jobs` alone: in the state folder, whose time goes on from one process to the
// next, or in a database, by whose time all its servers go. `machine` must outlive them. Blocks on disk or database.
// Errors: those of SqliteJobStore::Open or PostgresJobStore::Open. FAILED_PRECONDITION: the state folder cannot be
// made.
absl::StatusOr<Stores> OpenJobStore(const ServerOptions& options, const Clock& machine);

}  // namespace ruyi
