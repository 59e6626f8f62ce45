#include "server/app/server.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/host_name.h"
#include "core/base/status_macros.h"
#include "server/app/admin_log.h"
#include "server/app/grpc_limits.h"
#include "server/app/grpc_plugins.h"
#include "server/app/grpc_shutdown.h"
#include "server/app/log.h"
#include "server/app/version.h"

namespace ruyi {
namespace {

constexpr absl::Duration kTick = absl::Seconds(1);
constexpr absl::Duration kSweepInterval = absl::Seconds(10);
// The bytes that a request may have beside its pictures.
constexpr int64_t kMessageOverhead = 1 << 20;

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

// All devices are expected to be alike: the first one speaks for their costs and for what lies there, the one with the
// least for their memory.
LoadedModel ModelOf(const LoadedPipelines& loaded) {
  std::vector<const Pipeline*> all;
  for (const std::unique_ptr<Pipeline>& pipeline : loaded.pipelines)
    all.push_back(pipeline.get());
  const auto least_available = [all] {
    MemoryBudget least = all.front()->AvailableMemory();
    for (const Pipeline* pipeline : all) {
      const MemoryBudget available = pipeline->AvailableMemory();
      least.device_bytes = std::min(least.device_bytes, available.device_bytes);
      least.host_bytes = std::min(least.host_bytes, available.host_bytes);
    }
    return least;
  };
  return {.costs = all.front()->costs(),
          .available = least_available,
          .loras = all.front()->loras(),
          .sha256 = loaded.model_sha256,
          .arithmetic = loaded.arithmetic,
          .workers = static_cast<int>(all.size())};
}

absl::Status Draining() {
  constexpr absl::Duration kRetryDelay = absl::Seconds(5);
  return WithErrorInfo(absl::UnavailableError("the server is shutting down; its jobs go on when it starts again. Send "
                                              "the request again then, or to another server"),
                       {.reason = std::string(reason::kDraining), .retry_delay = kRetryDelay});
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
                                                      Listeners listeners) {
  RUYI_ASSIGN_OR_RETURN(RequestLimits limits, LoadRequestLimits(options.model));
  limits.image = options.image;
  limits.max_loras = options.max_loras;
  limits.fp8 = options.fp8;
  Opened opened;
  RUYI_ASSIGN_OR_RETURN(opened.stores, components.open_stores());
  RUYI_ASSIGN_OR_RETURN(
      opened.access, Access::Open(options.access, std::filesystem::path(options.state_dir) / "tls", *components.clock));
  if (opened.stores.quotas != nullptr)
    opened.access->Watch(opened.stores.quotas);
  std::unique_ptr<Server> server(new Server(options, std::move(components), std::move(limits), std::move(opened)));
  server->listeners_ = std::move(listeners);
  RUYI_RETURN_IF_ERROR(server->janitor_.Reconcile());
  RUYI_RETURN_IF_ERROR(server->side_.Start());
  RUYI_RETURN_IF_ERROR(server->Listen());
  server->StartLoading();
  return server;
}

Server::Server(const ServerOptions& options, Components components, RequestLimits limits, Opened opened)
    : options_(options),
      components_(std::move(components)),
      model_name_(limits.model_name),
      stores_(std::move(opened.stores)),
      telemetry_({.model_name = model_name_,
                  .otlp_endpoint = options.otlp_endpoint,
                  .instance_id = DrawId(),
                  .collector = std::move(components_.collector),
                  .jobs = stores_.jobs.get(),
                  .clock = components_.clock}),
      jobs_(telemetry_.jobs()),
      janitor_(jobs_, *stores_.artifacts),
      intake_({.limits = std::move(limits),
               .build = kVersion,
               .decoder = components_.image_decoder.get(),
               .jobs = &jobs_,
               .artifacts = stores_.artifacts.get(),
               .observers = telemetry_.intake_observers(),
               .draw_seed = &DrawSeed,
               .draw_id = &DrawId}),
      queue_metrics_(
          std::make_shared<QueueMetrics>([this] { return jobs_.Counts(); }, intake_, options.queue_capacity)),
      access_(std::move(opened.access)),
      service_({.doorkeeper = &access_->doorkeeper(),
                .intake = &intake_,
                .jobs = &jobs_,
                .artifacts = stores_.artifacts.get(),
                .clock = components_.clock,
                .version = kVersion,
                .queue_capacity = options.queue_capacity,
                .quotas = stores_.quotas,
                .on_bytes_sent = [this](size_t bytes) { telemetry_.OnBytesSent(bytes); }}),
      health_({v1::VideoService::service_full_name()}),
      workers_(*components_.clock),
      administration_(AdminParts()),
      side_({.options = &options_,
             .telemetry = &telemetry_,
             .access = access_,
             .queue_metrics = queue_metrics_,
             .administration = &administration_,
             .jobs = &jobs_,
             .clock = components_.clock}) {}

Server::~Server() {
  workers_.Stop(absl::ZeroDuration(), components_.stop_limits.hand_back);
  sweeps_.reset();
  rereads_.reset();
  heartbeats_.reset();
  if (loader_.joinable())
    loader_.join();
  service_.EndStreams(Draining());
  EndCalls(absl::ZeroDuration());
  side_.Close();
  service_.Stop();  // like /metrics, what is being worked on asks the workers' pipelines
  workers_.Clear();
}

Administration::Parts Server::AdminParts() {
  return {.build = kVersion,
          .model = model_name_,
          .queue_capacity = options_.queue_capacity,
          .drain_timeout = options_.drain_timeout,
          .jobs = &jobs_,
          .artifacts = stores_.artifacts.get(),
          .intake = &intake_,
          .clock = components_.clock,
          .state = [this] { return state(); },
          .workers = [this] { return workers_.Statuses(); },
          .set_budget = [this](const std::string& worker,
                               std::optional<int64_t> bytes) { return workers_.SetMemoryBudget(worker, bytes); },
          .drain = [this](absl::Duration patience) { OnDrainAsked(patience); },
          .on_change = &LogAdminChange};
}

absl::Status Server::Listen() {
  const std::unique_ptr<grpc::ServerBuilder> made = NewServerBuilder({.reflection = options_.reflection});
  grpc::ServerBuilder& builder = *made;
  builder.AddListeningPort(options_.listen, access_->Credentials(), &port_);
  LimitCallers(GrpcLimits(), MaxMessageBytes(intake_.limits()), builder);
  builder.RegisterService(&service_);
  builder.RegisterService(&health_);
  GuardPlugins(access_->doorkeeper(), telemetry_.NewWatches(), builder);
  grpc_ = builder.BuildAndStart();
  if (grpc_ == nullptr || port_ == 0)
    return CannotListen(options_.listen, "--listen");
  heartbeats_.emplace(kTick, [this] {
    WatchStore();
    service_.Tick();
  });
  rereads_.emplace(kTick, [this] { access_->Refresh(/*all=*/false); });
  sweeps_.emplace(kSweepInterval, [this] { OnTrouble(janitor_.CleanUp()); });
  return absl::OkStatus();
}

void Server::StartLoading() {
  {
    absl::MutexLock lock(&mutex_);
    loading_ = true;
  }
  loader_ = std::thread([this] {
    const absl::Status status = LoadModel();
    {
      absl::MutexLock lock(&mutex_);
      loading_ = false;
    }
    listeners_.on_loaded(status);
  });
}

absl::Status Server::LoadModel() {
  RUYI_ASSIGN_OR_RETURN(LoadedPipelines loaded, components_.load_pipelines());
  for (const std::unique_ptr<Pipeline>& pipeline : loaded.pipelines)
    RUYI_RETURN_IF_ERROR(pipeline->WarmUp());
  LoadedModel model = ModelOf(loaded);
  service_.SetWorkers(model.workers);
  workers_.Start(WorkersOf(std::move(loaded)));
  intake_.SetReady(std::move(model));
  absl::MutexLock lock(&mutex_);
  loaded_ = true;
  TellHealth();
  return absl::OkStatus();
}

std::vector<Worker::Parts> Server::WorkersOf(LoadedPipelines loaded) {
  std::vector<Worker::Parts> workers;
  for (size_t i = 0; i < loaded.pipelines.size(); ++i) {
    WorkerTools tools = ToolsOf(i, loaded);
    workers.push_back({.pipeline = std::move(loaded.pipelines[i]),
                       .tools = std::move(tools),
                       .on_lost = [this](const absl::Status& why) { OnWorkerLost(why); }});
  }
  return workers;
}

WorkerTools Server::ToolsOf(size_t worker, const LoadedPipelines& loaded) {
  return {.name = absl::StrFormat("%s:%d/worker-%d", HostName(), getpid(), worker),
          .jobs = &jobs_,
          .artifacts = stores_.artifacts.get(),
          .encoders = components_.video_encoders.get(),
          .previews = components_.image_encoder.get(),
          .clock = components_.clock,
          .provenance = {.model = model_name_,
                         .model_sha256 = loaded.model_sha256,
                         .build = kVersion,
                         .arithmetic = loaded.arithmetic},
          .device = loaded.devices[worker],
          .checkpoint_interval = options_.checkpoint_interval,
          .on_trouble = [this](const absl::Status& status) { OnTrouble(status); },
          .on_checkpoint = [this](const CheckpointCost& cost) { telemetry_.OnCheckpoint(cost); }};
}

// While the store is away everybody finds that out; WatchStore says it once.
void Server::OnTrouble(const absl::Status& status) {
  const bool is_known = GetErrorInfo(status).reason == reason::kStoreUnavailable && !jobs_.Reachable().ok();
  if (!status.ok() && !is_known)
    Log(LogLevel::kError, "store_trouble",
        {{"reason", GetErrorInfo(status).reason}, {"message", std::string(status.message())}});
}

// The worker's job has ended with the fault. The process has to end; the jobs of other devices go on in the next one.
void Server::OnWorkerLost(const absl::Status& why) {
  telemetry_.OnWorkerLost();
  {
    absl::MutexLock lock(&mutex_);
    worker_lost_ = true;
  }
  StopServing(WorkerLost());
  listeners_.on_worker_lost(why);
}

void Server::OnDrainAsked(absl::Duration patience) {
  workers_.Shorten(patience);
  if (intake_.Ready().ok())
    StopServing(Draining());
  listeners_.on_drain(patience);
}

ServerState Server::state() const {
  absl::MutexLock lock(&mutex_);
  if (worker_lost_)
    return ServerState::kFailed;
  if (draining_)
    return ServerState::kDraining;
  return loaded_ ? ServerState::kServing : ServerState::kLoading;
}

void Server::StopServing(const absl::Status& why) {
  intake_.Refuse(why);
  absl::MutexLock lock(&mutex_);
  draining_ = true;
  TellHealth();
}

void Server::TellHealth() {
  const bool is_serving = loaded_ && !draining_ && !store_is_away_;
  health_.SetServing(is_serving);
  side_.SetServing(is_serving);
}

// Jobs that are being made go on meanwhile.
void Server::WatchStore() {
  const absl::Status reachable = jobs_.Reachable();
  absl::MutexLock lock(&mutex_);
  if (store_is_away_ == !reachable.ok())
    return;
  store_is_away_ = !reachable.ok();
  TellHealth();
  if (store_is_away_)
    Log(LogLevel::kError, "store_away", {{"message", std::string(reachable.message())}});
  else
    Log(LogLevel::kInfo, "store_back");
}

void Server::Drain(absl::Duration patience) {
  constexpr absl::Duration kLastAnswers = absl::Seconds(1);
  constexpr absl::Duration kLastTraces = absl::Seconds(3);
  if (intake_.Ready().ok())
    StopServing(Draining());
  Log(LogLevel::kInfo, "draining");
  workers_.Stop(patience, components_.stop_limits.hand_back);
  service_.FinishStreams(Draining(), components_.stop_limits.flush);
  service_.EndStreams(Draining());
  EndCalls(kLastAnswers);
  telemetry_.Flush(kLastTraces);
}

void Server::EndCalls(absl::Duration timeout) {
  side_.End(timeout);
  health_.EndWatches();
  if (grpc_ != nullptr)
    ShutDown(*grpc_, timeout);
}

bool Server::is_loading() const {
  absl::MutexLock lock(&mutex_);
  return loading_;
}

}  // namespace ruyi
