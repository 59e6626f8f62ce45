#include "server/app/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "server/app/grpc_limits.h"
#include "server/app/version.h"

namespace ruyi {
namespace {

constexpr absl::Duration kTick = absl::Seconds(1);
// After all jobs have ended, how long their streams may take to reach slow readers.
constexpr absl::Duration kFlushTimeout = absl::Seconds(5);
// What a request may have beside its pictures.
constexpr int64_t kMessageOverhead = 1 << 20;

// The library adds reflection to every server as soon as it is loaded; this takes it out again.
class WithoutReflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments* /*arguments*/) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    const std::string reflection = grpc::reflection::ProtoServerReflectionPlugin().name();
    std::erase_if(*plugins, [&](const auto& plugin) { return plugin->name() == reflection; });
  }
};

uint64_t DrawSeed() {
  absl::BitGen random;
  return absl::Uniform<uint32_t>(random);  // 32 bits: all that the reference's generator takes, and easy to read
}

std::string DrawId() {
  absl::BitGen random;
  return absl::StrFormat("%016x%016x", absl::Uniform<uint64_t>(random), absl::Uniform<uint64_t>(random));
}

int MaxMessageBytes(const RequestLimits& limits) {
  const int64_t pictures = (limits.max_start_images + limits.max_end_images) * limits.image.max_bytes;
  return static_cast<int>(std::min<int64_t>(pictures + kMessageOverhead, std::numeric_limits<int>::max()));
}

absl::Status CannotListen(const std::string& address, const std::string& flag) {
  return absl::UnavailableError(
      absl::StrFormat("cannot listen on %s: another program uses the port, or the host is none of this machine's; "
                      "choose others with %s",
                      address, flag));
}

// All devices are expected to be alike: the first one speaks for their costs, the one with the least for their memory.
LoadedModel ModelOf(const std::vector<std::unique_ptr<Pipeline>>& pipelines) {
  std::vector<const Pipeline*> all;
  for (const std::unique_ptr<Pipeline>& pipeline : pipelines)
    all.push_back(pipeline.get());
  const auto least_available = [all] {
    int64_t least = std::numeric_limits<int64_t>::max();
    for (const Pipeline* pipeline : all)
      least = std::min(least, pipeline->AvailableBytes());
    return least;
  };
  return {.costs = all.front()->costs(),
          .available_bytes = least_available,
          .loras = all.front()->loras(),
          .workers = static_cast<int>(all.size())};
}

absl::Status WorkerLost() {
  constexpr absl::Duration kRestartDelay = absl::Seconds(10);
  return WithErrorInfo(
      absl::AbortedError(
          "another video broke a device of the server or found its model changed, and the server starts anew; "
          "it is safe to send the request again"),
      {.reason = std::string(reason::kWorkerLost), .retry_delay = kRestartDelay});
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Components components,
                                                      Listener on_loaded, Listener on_worker_lost) {
  RUYI_ASSIGN_OR_RETURN(RequestLimits limits, LoadRequestLimits(options.model));
  limits.image = options.image;
  limits.max_loras = options.max_loras;
  limits.fp8 = options.fp8;
  std::unique_ptr<Server> server(
      new Server(options, std::move(components), std::move(limits), std::move(on_worker_lost)));
  RUYI_RETURN_IF_ERROR(server->ListenForMetrics(options));
  RUYI_RETURN_IF_ERROR(server->Listen(options));
  server->StartLoading(std::move(on_loaded));
  return server;
}

Server::Server(const ServerOptions& options, Components components, RequestLimits limits, Listener on_worker_lost)
    : components_(std::move(components)),
      on_worker_lost_(std::move(on_worker_lost)),
      queue_(options.queue_capacity),
      job_metrics_(*registry_),
      intake_({.limits = std::move(limits),
               .decoder = components_.image_decoder.get(),
               .queue = &queue_,
               .clock = components_.clock,
               .observers = {&job_metrics_, &job_log_},
               .draw_seed = &DrawSeed,
               .draw_id = &DrawId}),
      queue_metrics_(std::make_shared<QueueMetrics>(queue_, intake_)),
      service_(intake_, *components_.clock, kVersion),
      health_({v1::VideoService::service_full_name()}) {}

Server::~Server() {
  queue_.Close();
  CancelAll();
  heartbeats_.reset();
  if (loader_.joinable())
    loader_.join();
  if (grpc_ != nullptr)
    EndCalls(absl::ZeroDuration());
  exposer_.reset();
  service_.Stop();  // like /metrics, what is being decoded asks the workers' pipelines
  std::vector<std::unique_ptr<Worker>> workers;
  {
    absl::MutexLock lock(&mutex_);
    workers = std::move(workers_);
  }
  workers.clear();  // without the lock, which a worker takes that is lost now
}

absl::Status Server::ListenForMetrics(const ServerOptions& options) {
  constexpr size_t kThreads = 1;
  absl::StatusOr<std::unique_ptr<prometheus::Exposer>> exposer = GuardExceptions(
      "serving metrics", [&] { return std::make_unique<prometheus::Exposer>(options.metrics_listen, kThreads); });
  if (!exposer.ok())
    return CannotListen(options.metrics_listen, "--metrics-listen");
  exposer_ = *std::move(exposer);
  metrics_port_ = exposer_->GetListeningPorts().front();
  exposer_->RegisterCollectable(registry_);
  exposer_->RegisterCollectable(queue_metrics_);
  return absl::OkStatus();
}

absl::Status Server::Listen(const ServerOptions& options) {
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  if (!options.reflection)
    builder.SetOption(std::make_unique<WithoutReflection>());
  builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials(), &port_);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a port in use is an error, not a second server
  LimitCallers(GrpcLimits(), MaxMessageBytes(intake_.limits()), builder);
  builder.RegisterService(&service_);
  builder.RegisterService(&health_);
  grpc_ = builder.BuildAndStart();
  if (grpc_ == nullptr || port_ == 0)
    return CannotListen(options.listen, "--listen");
  heartbeats_.emplace(kTick, [this] { service_.Tick(); });
  return absl::OkStatus();
}

void Server::StartLoading(Listener on_loaded) {
  {
    absl::MutexLock lock(&mutex_);
    loading_ = true;
  }
  loader_ = std::thread([this, on_loaded = std::move(on_loaded)] {
    const absl::Status status = LoadModel();
    {
      absl::MutexLock lock(&mutex_);
      loading_ = false;
    }
    on_loaded(status);
  });
}

absl::Status Server::LoadModel() {
  RUYI_ASSIGN_OR_RETURN(std::vector<std::unique_ptr<Pipeline>> pipelines, components_.load_pipelines());
  for (const std::unique_ptr<Pipeline>& pipeline : pipelines)
    RUYI_RETURN_IF_ERROR(pipeline->WarmUp());
  LoadedModel model = ModelOf(pipelines);
  absl::MutexLock lock(&mutex_);
  StartWorkers(std::move(pipelines));
  intake_.SetReady(std::move(model));
  if (!draining_)
    health_.SetServing(true);
  return absl::OkStatus();
}

void Server::StartWorkers(std::vector<std::unique_ptr<Pipeline>> pipelines) {
  for (std::unique_ptr<Pipeline>& pipeline : pipelines) {
    workers_.push_back(
        std::make_unique<Worker>(Worker::Parts{.pipeline = std::move(pipeline),
                                               .queue = &queue_,
                                               .encoders = components_.video_encoders.get(),
                                               .clock = components_.clock,
                                               .on_lost = [this](const absl::Status& why) { OnWorkerLost(why); }}));
  }
}

// Its job has ended with the fault. What other devices make ends too: the process has to.
void Server::OnWorkerLost(const absl::Status& why) {
  job_metrics_.OnWorkerLost();
  StopServing();
  const absl::Status lost = WorkerLost();
  intake_.Refuse(lost);
  queue_.Close();
  queue_.CancelAll(lost);
  service_.Tick();
  on_worker_lost_(why);
}

void Server::StopServing() {
  absl::MutexLock lock(&mutex_);
  draining_ = true;
  health_.SetServing(false);
}

void Server::Drain(absl::Duration timeout) {
  StopServing();
  queue_.Close();
  if (!queue_.AwaitIdle(timeout)) {
    CancelAll();
    queue_.AwaitIdle(absl::InfiniteDuration());
  }
  EndCalls(kFlushTimeout);
}

void Server::DrainAfterLoss() {
  queue_.AwaitIdle(kFlushTimeout);
  EndCalls(kFlushTimeout);
}

void Server::EndCalls(absl::Duration timeout) {
  health_.EndWatches();
  const gpr_timespec time = gpr_time_from_millis(absl::ToInt64Milliseconds(timeout), GPR_TIMESPAN);
  grpc_->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), time));
}

void Server::CancelAll() {
  queue_.CancelAll(DrainingError());
  service_.Tick();  // a worker may wait for a slow reader
}

bool Server::is_loading() const {
  absl::MutexLock lock(&mutex_);
  return loading_;
}

}  // namespace ruyi
