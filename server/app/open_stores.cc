#include "server/app/open_stores.h"

#include "core/base/status_macros.h"
#include "server/app/open_artifacts.h"
#include "server/app/open_job_store.h"

namespace ruyi {

absl::StatusOr<Stores> OpenStores(const ServerOptions& options, const Clock& machine) {
  RUYI_ASSIGN_OR_RETURN(Stores stores, OpenJobStore(options, machine));
  RUYI_ASSIGN_OR_RETURN(stores.artifacts, OpenArtifacts(options, *stores.clock));
  return stores;
}

}  // namespace ruyi
