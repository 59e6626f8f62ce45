#include "server/app/open_job_store.h"

#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/store/postgres/postgres_clock.h"
#include "core/store/postgres/postgres_job_store.h"
#include "core/store/sqlite/sqlite_job_store.h"
#include "server/app/lasting_clock.h"

namespace ruyi {
namespace {

// The bytes of jobs lie there, wherever their records are.
absl::Status MakeStateFolder(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::create_directories(folder, error))  // what callers send is nobody else's business
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  return error ? absl::FailedPreconditionError(absl::StrFormat("the state folder %s cannot be made: %s; choose another "
                                                               "one",
                                                               folder.string(), error.message()))
               : absl::OkStatus();
}

}  // namespace

absl::StatusOr<Stores> OpenJobStore(const ServerOptions& options, const Clock& machine) {
  Stores stores;
  if (!options.access.quotas.empty()) {
    stores.quotas = std::make_shared<Quotas>(options.access.quotas);
    RUYI_RETURN_IF_ERROR(stores.quotas->Reload());
  }
  const JobStoreOptions jobs = {.queue_capacity = options.queue_capacity,
                                .result_ttl = options.result_ttl,
                                .record_ttl = options.record_ttl,
                                .quotas = stores.quotas};
  if (IsSharedStore(options.store)) {
    RUYI_RETURN_IF_ERROR(MakeStateFolder(options.state_dir));
    RUYI_ASSIGN_OR_RETURN(stores.clock, OpenPostgresClock(options.store, machine));
    RUYI_ASSIGN_OR_RETURN(stores.jobs, PostgresJobStore::Open(options.store, {.jobs = jobs}, *stores.clock));
    return stores;
  }
  const std::filesystem::path folder = options.state_dir;
  stores.clock = std::make_unique<const LastingClock>(folder / "artifacts" / "clock.json", machine);
  RUYI_ASSIGN_OR_RETURN(stores.jobs, SqliteJobStore::Open(folder, {.jobs = jobs, .at_boundary = {}}, *stores.clock));
  return stores;
}

}  // namespace ruyi
