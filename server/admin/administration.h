// What an administrator can see and change of a running server, apart from how it is asked: by AdminService or by the
// operator's page. Each change is told to `on_change`, also one that was refused, so that the log says who did what
// from where. Before it: server/service/admin_service.h, which has let the caller in. After it: the store of jobs, the
// intake, and Server through the functions of Parts. Owns nothing that it shows. Thread-safe; functions block where
// they say so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/artifact/artifact_store.h"
#include "core/base/clock.h"
#include "core/intake/job_intake.h"
#include "core/store/job_store.h"
#include "core/worker/worker.h"

namespace ruyi {

// Says who asks, and from where.
struct AdminCaller {
  std::string principal;
  std::string tenant;
  std::string peer;     // the address, as AddressOfPeer gives it
  std::string call_id;  // of the call, in the server's log
};

// A change that was asked for, for the log.
struct AdminChange {
  AdminCaller by;
  std::string action;                          // "cancel_job"
  std::map<std::string, std::string> details;  // of what was asked, such as {"job", "7"}
  absl::Status result;                         // OK: it was made
};

enum class ServerState {
  kLoading,   // the model is being loaded
  kServing,   // requests are taken
  kDraining,  // the process ends once its jobs have ended, or the patience for them
  kFailed,    // a device broke, and the process ends
};

// A worker, and the job that it makes.
struct WorkerView {
  WorkerStatus worker;
  std::optional<JobRecord> job;
};

struct ServerStatus {
  std::string build;
  std::string model;
  ServerState state = ServerState::kLoading;
  absl::Duration uptime;
  std::vector<WorkerView> workers;  // none until the model is loaded
  std::optional<JobCounts> queue;   // of all servers that share the store; absent: the store is away
  int queue_capacity = 0;
  TenantLoads tenants;          // as many as were asked for; none while the store is away
  absl::Status job_store;       // OK while it can be asked
  absl::Status artifact_store;  // likewise
  int64_t artifact_bytes = 0;   // that all blobs and results take
};

// Says what goes on while a server drains.
struct DrainReport {
  absl::Duration timeout;           // the patience with the jobs that are being made here
  std::vector<WorkerView> working;  // the workers that make one
  std::optional<int> waiting;       // jobs that wait for the next start or another server; absent: the store is away
};

inline constexpr int kMostTenants = 50;  // of a status
inline constexpr absl::Duration kLongestDrain = absl::Hours(24);
inline constexpr int64_t kMostBudgetMib = int64_t{1} << 24;
inline constexpr size_t kMostReasonBytes = 256;  // of why a job is cancelled

class Administration {
 public:
  // Everything that the parts point to, and all that the functions call, must outlive the object.
  struct Parts {
    std::string build;
    std::string model;
    int queue_capacity = 0;
    absl::Duration drain_timeout;  // of a Drain without one
    JobStore* jobs = nullptr;
    const ArtifactStore* artifacts = nullptr;
    JobIntake* intake = nullptr;
    const Clock* clock = nullptr;
    std::function<ServerState()> state;
    std::function<std::vector<WorkerStatus>()> workers;
    std::function<absl::Status(const std::string& worker, std::optional<int64_t> bytes)> set_budget;
    std::function<void(absl::Duration timeout)> drain;  // begins to drain, or hurries with a timeout of zero
    std::function<void(const AdminChange& change)> on_change = [](const AdminChange&) {};
  };
  explicit Administration(Parts parts) : parts_(std::move(parts)), start_(parts_.clock->Elapsed()) {}

  // Shows at most `most_tenants` tenants; with 0 it asks the store for the counts alone. Blocks on the stores.
  ServerStatus Status(int most_tenants = kMostTenants) const;

  // Begins what SIGTERM does: no more jobs are taken, those that are being made here may go on for `timeout` (absent:
  // Parts::drain_timeout), the rest is saved for the next start, and the process ends. While the server drains already,
  // a timeout of zero ends the patience, and another one changes nothing. INVALID_ARGUMENT, field timeout: it is not
  // within 0 to kLongestDrain. UNAVAILABLE MODEL_LOADING: nothing can interrupt the loading. Blocks on the store.
  absl::StatusOr<DrainReport> Drain(const AdminCaller& caller, std::optional<absl::Duration> timeout);

  // Lets no waiting job go to a worker, or lets them again, of all servers that share the store; also after a restart.
  // Returns the queue as it is then. Blocks on the store.
  absl::StatusOr<JobCounts> SetPaused(const AdminCaller& caller, bool paused);

  // Gives the workers on `device` (empty: all) a budget of memory for each device, from their next placement on;
  // absent: what is free. It is not kept over a restart. Returns these workers as they are then. INVALID_ARGUMENT,
  // field mib: it is not within 1 to kMostBudgetMib. NOT_FOUND: no worker computes on the device. FAILED_PRECONDITION
  // VRAM_BUDGET: no video could be made. The errors of JobIntake::Ready. Does not wait for jobs.
  absl::StatusOr<std::vector<WorkerStatus>> SetVramBudget(const AdminCaller& caller, const std::string& device,
                                                          std::optional<int64_t> mib);

  // Errors: those of JobStore::SetPriority. Blocks on the store.
  absl::StatusOr<JobRecord> SetPriority(const AdminCaller& caller, const std::string& id, Priority priority);

  // Returns a page of the jobs of all tenants that match, newest first. Errors: those of JobStore::List. Blocks on the
  // store.
  absl::StatusOr<JobPage> ListJobs(const JobFilter& filter, int page_size, const std::string& page_token) const;

  // Cancels any tenant's job as JobStore::Cancel does, with CANCELLED_BY_ADMIN; its owner reads `reason`.
  // INVALID_ARGUMENT, field reason: it is empty or longer than kMostReasonBytes. NOT_FOUND. Blocks on the store.
  absl::StatusOr<JobRecord> CancelJob(const AdminCaller& caller, const std::string& id, const std::string& reason);

  // See JobIntake. Not kept over a restart: all files of the folder are loaded then.
  absl::StatusOr<LoraFacts> LoadLora(const AdminCaller& caller, const std::string& name);
  absl::Status UnloadLora(const AdminCaller& caller, const std::string& name);

 private:
  using Details = std::map<std::string, std::string>;

  // Tells the change, and returns its result.
  absl::Status Told(const AdminCaller& caller, std::string action, Details details, const absl::Status& result) const;

  std::vector<WorkerView> Workers() const;
  absl::StatusOr<TenantLoads> Loads(int most_tenants) const;
  absl::StatusOr<DrainReport> TryDrain(absl::Duration timeout);
  absl::StatusOr<std::vector<WorkerStatus>> TrySetVramBudget(const std::string& device, std::optional<int64_t> mib);

  const Parts parts_;
  const absl::Duration start_;
};

}  // namespace ruyi
