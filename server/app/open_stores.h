// Opens the stores of a server: jobs where --store says (server/app/open_job_store.h), bytes where --artifacts says
// (server/app/open_artifacts.h). Before it: the composition roots. After it: core/store, core/artifact. A function
// without state.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "server/app/server_options.h"
#include "server/app/stores.h"

namespace ruyi {

// `machine` must outlive the stores. Blocks on disk, database and bucket. Errors: those of OpenJobStore and
// OpenArtifacts.
absl::StatusOr<Stores> OpenStores(const ServerOptions& options, const Clock& machine);

}  // namespace ruyi
