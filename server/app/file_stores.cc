#include "server/app/file_stores.h"

#include <filesystem>

#include "core/artifact/files/file_artifact_store.h"
#include "core/base/status_macros.h"
#include "core/plan/prediction.h"
#include "server/app/job_stores.h"

namespace ruyi {

absl::StatusOr<Stores> OpenFileStores(const ServerOptions& options, const Clock& machine) {
  const std::filesystem::path folder = options.state_dir;
  RUYI_ASSIGN_OR_RETURN(Stores stores, OpenJobStore(options, machine));
  FileArtifactStoreOptions files = {.blob_ttl = options.input_ttl, .limits = {}, .at_boundary = {}};
  if (options.disk_budget_mib.has_value())
    files.limits.max_bytes = BytesOfMib(*options.disk_budget_mib);
  RUYI_ASSIGN_OR_RETURN(stores.artifacts,
                        FileArtifactStore::Open((folder / "artifacts").string(), files, *stores.clock));
  return stores;
}

}  // namespace ruyi
