// Opens the stores of one machine: jobs in SQLite, bytes as files, both below one state folder. Before it: the
// composition roots. After it: core/store/sqlite, core/artifact/files. A function without state.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "server/app/server_options.h"
#include "server/app/stores.h"

namespace ruyi {

// What is kept gets old by a LastingClock on `machine`, which must outlive the stores. Blocks on the disk. Errors:
// those of SqliteJobStore::Open and FileArtifactStore::Open.
absl::StatusOr<Stores> OpenFileStores(const ServerOptions& options, const Clock& machine);

}  // namespace ruyi
