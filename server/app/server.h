// A running server: listens at once, loads and warms the model on a thread of its own, then takes jobs. Before it:
// main. After it: server/service, core/worker. Owns everything. Start, Drain and the destructor belong to one thread;
// the rest is thread-safe.
#pragma once

#include <grpcpp/server.h>
#include <prometheus/exposer.h>
#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/job/job_queue.h"
#include "core/request/limits.h"
#include "core/worker/worker.h"
#include "server/app/components.h"
#include "server/app/health_service.h"
#include "server/app/job_log.h"
#include "server/app/server_options.h"
#include "server/app/ticker.h"
#include "server/metrics/job_metrics.h"
#include "server/metrics/queue_metrics.h"
#include "server/service/job_intake.h"
#include "server/service/video_service.h"

namespace ruyi {

class Server {
 public:
  using Listener = std::function<void(const absl::Status&)>;

  // Binds both ports and begins to load the model; `on_loaded` is told how that went, from the loading thread.
  // `on_worker_lost` is told why, from the worker's thread, when a device broke: all jobs have been cancelled, no more
  // are taken, and what is left to do is DrainAfterLoss. Errors: those of LoadRequestLimits; UNAVAILABLE: an address
  // cannot be bound.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const ServerOptions& options, Components components, Listener on_loaded,
      Listener on_worker_lost = [](const absl::Status&) {});

  // Cancels what still runs.
  ~Server();

  int port() const { return port_; }
  int metrics_port() const { return metrics_port_; }

  // Takes no more jobs (health NOT_SERVING, DRAINING), waits for those accepted at most `timeout`, cancels the rest and
  // waits until their streams have ended. Blocks.
  void Drain(absl::Duration timeout);

  // After a worker was lost: gives the jobs of other devices, which are cancelled, and all streams a few seconds to
  // end. Blocks for that time at most, whatever a broken device does.
  void DrainAfterLoss();

  // Cancels all jobs now, so that Drain returns soon. May be called from any thread.
  void CancelAll();

  // True while the model is being loaded, which nothing can interrupt.
  bool is_loading() const;

 private:
  Server(const ServerOptions& options, Components components, RequestLimits limits, Listener on_worker_lost);

  absl::Status Listen(const ServerOptions& options);
  absl::Status ListenForMetrics(const ServerOptions& options);
  void StartLoading(Listener on_loaded);
  absl::Status LoadModel();
  void StartWorkers(std::vector<std::unique_ptr<Pipeline>> pipelines) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnWorkerLost(const absl::Status& why);
  void StopServing();
  // Takes no more calls, and cancels those that have not ended after `timeout`. Blocks for that time at most.
  void EndCalls(absl::Duration timeout);

  Components components_;
  const Listener on_worker_lost_;
  JobQueue queue_;
  std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  JobMetrics job_metrics_;
  JobLog job_log_;
  JobIntake intake_;
  std::shared_ptr<QueueMetrics> queue_metrics_;
  VideoService service_;
  HealthService health_;
  std::unique_ptr<prometheus::Exposer> exposer_;
  std::unique_ptr<grpc::Server> grpc_;
  std::optional<Ticker> heartbeats_;
  int port_ = 0;
  int metrics_port_ = 0;

  mutable absl::Mutex mutex_;
  bool loading_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<Worker>> workers_ ABSL_GUARDED_BY(mutex_);
  std::thread loader_;
};

}  // namespace ruyi
