// A running server: opens its stores, listens at once, loads and warms the model on a thread of its own, then takes
// jobs. Before it: main. After it: server/service, core/worker. Owns everything. Start, Drain and the destructor belong
// to one thread; the rest is thread-safe.
#pragma once

#include <grpcpp/server.h>

#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/intake/job_intake.h"
#include "core/janitor/janitor.h"
#include "core/request/limits.h"
#include "server/admin/administration.h"
#include "server/app/access.h"
#include "server/app/components.h"
#include "server/app/health_service.h"
#include "server/app/server_options.h"
#include "server/app/side_listeners.h"
#include "server/app/telemetry.h"
#include "server/app/ticker.h"
#include "server/app/worker_pool.h"
#include "server/metrics/queue_metrics.h"
#include "server/service/video_service.h"

namespace ruyi {

class Server {
 public:
  // Is told what the process has to know. After the last two no more jobs are taken, and only Drain is left to be
  // called.
  struct Listeners {
    // How the loading of the model went; from the loading thread.
    std::function<void(const absl::Status&)> on_loaded;
    // Why a device is lost; from its worker's thread.
    std::function<void(const absl::Status&)> on_worker_lost = [](const absl::Status&) {};
    // The patience with which an administrator drains the server; from a thread of AdminService.
    std::function<void(absl::Duration)> on_drain = [](absl::Duration) {};
  };

  // Opens the stores and reads credentials, binds the ports and begins to load the model. Errors: those of
  // LoadRequestLimits, of Components::open_stores and of Access::Open; UNAVAILABLE: an address cannot be bound.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options, Components components,
                                                       Listeners listeners);

  // Hands back the jobs that are being made.
  ~Server();

  int port() const { return port_; }
  int metrics_port() const { return side_.metrics_port(); }
  int admin_port() const { return side_.admin_port(); }
  int page_port() const { return side_.page_port(); }
  int health_port() const { return side_.health_port(); }

  // Takes no more jobs (health NOT_SERVING, DRAINING), and still answers all other calls. Jobs that are being made may
  // go on for `patience`; then they are handed back with a checkpoint, for the next process. After that a stream ends
  // with DRAINING where it would have to wait. Blocks for `patience`, the StopLimits of the components and a moment at
  // most.
  void Drain(absl::Duration patience);

  // Lets the patience of Drain end `patience` from now, unless it ends sooner; also of a Drain that comes. May be
  // called from any thread; does not block.
  void ShortenDrain(absl::Duration patience) { workers_.Shorten(patience); }

  // Ends the patience of Drain. May be called from any thread; does not block.
  void Hurry() { workers_.Hurry(); }

  // Reads the files of certificates, tokens and keys again. May be called from any thread; blocks on the disk.
  void RereadCredentials() { access_->Refresh(/*all=*/true); }

  // Returns true while the model is being loaded, which nothing can interrupt.
  bool is_loading() const;

 private:
  struct Opened {
    Stores stores;
    std::shared_ptr<Access> access;
  };
  Server(const ServerOptions& options, Components components, RequestLimits limits, Opened opened);

  Administration::Parts AdminParts();
  absl::Status Listen();
  void StartLoading();
  absl::Status LoadModel();
  std::vector<Worker::Parts> WorkersOf(LoadedPipelines loaded);
  WorkerTools ToolsOf(size_t worker, const LoadedPipelines& loaded);
  void OnWorkerLost(const absl::Status& why);
  void OnDrainAsked(absl::Duration patience);
  ServerState state() const;
  void StopServing(const absl::Status& why);
  void WatchStore();
  void TellHealth() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes no more calls, and cancels those that have not ended after `timeout`. Blocks for that time at most.
  void EndCalls(absl::Duration timeout);
  void OnTrouble(const absl::Status& status);

  const ServerOptions options_;
  Components components_;
  const std::string model_name_;
  Listeners listeners_;
  const Stores stores_;
  Telemetry telemetry_;
  JobStore& jobs_;  // as telemetry watches it
  Janitor janitor_;
  JobIntake intake_;
  std::shared_ptr<QueueMetrics> queue_metrics_;
  const std::shared_ptr<Access> access_;
  VideoService service_;
  HealthService health_;
  WorkerPool workers_;
  Administration administration_;
  SideListeners side_;
  std::unique_ptr<grpc::Server> grpc_;
  std::optional<Ticker> heartbeats_;
  std::optional<Ticker> sweeps_;
  std::optional<Ticker> rereads_;
  int port_ = 0;

  mutable absl::Mutex mutex_;
  bool loading_ ABSL_GUARDED_BY(mutex_) = false;
  bool loaded_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool worker_lost_ ABSL_GUARDED_BY(mutex_) = false;
  bool store_is_away_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread loader_;
};

}  // namespace ruyi
