#include "server/app/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_format.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "server/app/log.h"
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
      absl::StrFormat("cannot listen on %s; is another server using the port? Choose one with %s", address, flag));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Components components,
                                                      std::function<void(const absl::Status&)> on_loaded) {
  RUYI_ASSIGN_OR_RETURN(RequestLimits limits, LoadRequestLimits(options.model));
  limits.image = options.image;
  limits.max_loras = options.max_loras;
  limits.fp8 = options.fp8;
  std::unique_ptr<Server> server(new Server(options, std::move(components), std::move(limits)));
  RUYI_RETURN_IF_ERROR(server->ListenForMetrics(options));
  RUYI_RETURN_IF_ERROR(server->Listen(options));
  server->StartLoading(std::move(on_loaded));
  return server;
}

Server::Server(const ServerOptions& options, Components components, RequestLimits limits)
    : components_(std::move(components)),
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
      service_(intake_, *components_.clock, kVersion) {}

Server::~Server() {
  queue_.Close();
  CancelAll();
  heartbeats_.reset();
  if (loader_.joinable())
    loader_.join();
  if (grpc_ != nullptr)
    grpc_->Shutdown(std::chrono::system_clock::now());
  absl::MutexLock lock(&mutex_);
  worker_.reset();
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
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  if (!options.reflection)
    builder.SetOption(std::make_unique<WithoutReflection>());
  builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials(), &port_);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a port in use is an error, not a second server
  builder.SetMaxReceiveMessageSize(MaxMessageBytes(intake_.limits()));
  builder.RegisterService(&service_);
  grpc_ = builder.BuildAndStart();
  if (grpc_ == nullptr || port_ == 0)
    return CannotListen(options.listen, "--listen");
  SetServing(false);
  heartbeats_.emplace(kTick, [this] { service_.Tick(); });
  return absl::OkStatus();
}

void Server::SetServing(bool serving) {
  grpc::HealthCheckServiceInterface* health = grpc_->GetHealthCheckService();
  health->SetServingStatus(serving);  // every service that has a status, and the server as a whole
  health->SetServingStatus(ruyi::v1::VideoService::service_full_name(), serving);
}

void Server::StartLoading(std::function<void(const absl::Status&)> on_loaded) {
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
  RUYI_ASSIGN_OR_RETURN(std::unique_ptr<Pipeline> pipeline, components_.load_pipeline());
  RUYI_RETURN_IF_ERROR(pipeline->WarmUp());
  const LatentGeometry geometry = pipeline->geometry();
  std::shared_ptr<const LoraCatalog> loras = pipeline->loras();
  absl::MutexLock lock(&mutex_);
  worker_ =
      std::make_unique<Worker>(std::move(pipeline), &queue_, components_.video_encoders.get(), *components_.clock);
  intake_.SetReady(geometry, std::move(loras));
  if (!draining_)
    SetServing(true);
  return absl::OkStatus();
}

void Server::Drain(absl::Duration timeout) {
  {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
    SetServing(false);
  }
  queue_.Close();
  if (!queue_.AwaitIdle(timeout)) {
    CancelAll();
    queue_.AwaitIdle(absl::InfiniteDuration());
  }
  grpc_->Shutdown(absl::ToChronoTime(absl::Now() + kFlushTimeout));
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
