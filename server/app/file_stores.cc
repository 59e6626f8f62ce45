#include "server/app/file_stores.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "core/artifact/files/file_artifact_store.h"
#include "core/base/status_macros.h"
#include "core/plan/prediction.h"
#include "core/store/sqlite/sqlite_job_store.h"
#include "server/app/lasting_clock.h"

namespace ruyi {

absl::StatusOr<Stores> OpenFileStores(const ServerOptions& options, const Clock& machine) {
  const std::filesystem::path folder = options.state_dir;
  auto own_clock = std::make_unique<const LastingClock>(folder / "artifacts" / "clock.json", machine);
  const Clock& clock = *own_clock;
  RUYI_ASSIGN_OR_RETURN(std::unique_ptr<JobStore> jobs,
                        SqliteJobStore::Open(folder,
                                             {.jobs = {.queue_capacity = options.queue_capacity,
                                                       .result_ttl = options.result_ttl,
                                                       .record_ttl = options.record_ttl}},
                                             clock));
  FileArtifactStoreOptions files = {.blob_ttl = options.input_ttl, .limits = {}, .at_boundary = {}};
  if (options.disk_budget_mib.has_value())
    files.limits.max_bytes = BytesOfMib(*options.disk_budget_mib);
  RUYI_ASSIGN_OR_RETURN(std::unique_ptr<ArtifactStore> artifacts,
                        FileArtifactStore::Open((folder / "artifacts").string(), files, clock));
  return Stores{.clock = std::move(own_clock), .jobs = std::move(jobs), .artifacts = std::move(artifacts)};
}

}  // namespace ruyi
