#include "server/app/health_service.h"

#include <grpcpp/impl/codegen/server_callback_handlers.h>

#include <optional>
#include <utility>

#include "server/convert/status_to_grpc.h"
#include "server/service/ended_stream.h"

namespace ruyi {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using ServingStatus = HealthCheckResponse::ServingStatus;

namespace {

ServingStatus StatusOf(const std::string& service, bool serving) {
  return serving || service == HealthService::kLiveness ? HealthCheckResponse::SERVING
                                                        : HealthCheckResponse::NOT_SERVING;
}

grpc::Status Stopping() {
  return {grpc::StatusCode::UNAVAILABLE, "the server stops"};
}

}  // namespace

// Serves one Watch call. Of several changes during a write, the last one is written.
class HealthService::Watcher final : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  Watcher(HealthService& health, std::string service) : health_(health), service_(std::move(service)) {}

  void Tell(bool serving) {
    absl::MutexLock lock(&mutex_);
    wanted_ = health_.IsKnown(service_) ? StatusOf(service_, serving) : HealthCheckResponse::SERVICE_UNKNOWN;
    Continue();
  }

  // The first status stays.
  void End(const grpc::Status& status) {
    absl::MutexLock lock(&mutex_);
    if (!final_status_.has_value())
      final_status_ = status;
    Continue();
  }

  void OnWriteDone(bool /*ok*/) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    Continue();
  }

  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override { health_.Remove(this); }

 private:
  void Continue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || finished_)
      return;
    if (final_status_.has_value()) {
      finished_ = true;
      Finish(*final_status_);
    } else if (message_.status() != wanted_) {
      writing_ = true;
      message_.set_status(wanted_);
      StartWrite(&message_);
    }
  }

  HealthService& health_;
  const std::string service_;

  absl::Mutex mutex_;
  ServingStatus wanted_ ABSL_GUARDED_BY(mutex_) = HealthCheckResponse::UNKNOWN;
  HealthCheckResponse message_;  // the last one written; touched only while no write is under way
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> final_status_ ABSL_GUARDED_BY(mutex_);  // nothing is written after it is set
};

HealthService::HealthService(std::set<std::string> services) : services_(std::move(services)) {
  constexpr int kCheck = 0;  // their order in the proto
  constexpr int kWatch = 1;
  using Received = ReceivedMessage<HealthCheckRequest>;
  MarkMethodCallback(kCheck, new grpc::internal::CallbackUnaryHandler<Received, HealthCheckResponse>(
                                 [this](auto* context, const Received* received, HealthCheckResponse* response) {
                                   return CheckReceived(*context, *received, *response);
                                 }));
  MarkMethodCallback(
      kWatch, new grpc::internal::CallbackServerStreamingHandler<Received, HealthCheckResponse>(
                  [this](auto* context, const Received* received) { return WatchReceived(*context, *received); }));
}

grpc::ServerUnaryReactor* HealthService::CheckReceived(grpc::CallbackServerContext& context,
                                                       const ReceivedMessage<HealthCheckRequest>& received,
                                                       HealthCheckResponse& response) {
  if (received.status.ok())
    return Check(&context, &received.message, &response);
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  reactor->Finish(ToGrpc(received.status));
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::WatchReceived(
    grpc::CallbackServerContext& context, const ReceivedMessage<HealthCheckRequest>& received) {
  if (received.status.ok())
    return Watch(&context, &received.message);
  return new EndedStream<HealthCheckResponse>(received.status);
}

HealthService::~HealthService() = default;

void HealthService::SetServing(bool serving) {
  absl::MutexLock lock(&mutex_);
  serving_ = serving;
  for (const auto& [watcher, owned] : watchers_)
    owned->Tell(serving);
}

void HealthService::EndWatches() {
  absl::MutexLock lock(&mutex_);
  ended_ = true;
  for (const auto& [watcher, owned] : watchers_)
    owned->End(Stopping());
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context, const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (!IsKnown(request->service())) {
    reactor->Finish({grpc::StatusCode::NOT_FOUND, "unknown service"});
    return reactor;
  }
  {
    absl::MutexLock lock(&mutex_);
    response->set_status(StatusOf(request->service(), serving_));
  }
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(grpc::CallbackServerContext* /*context*/,
                                                                    const HealthCheckRequest* request) {
  auto watcher = std::make_unique<Watcher>(*this, request->service());
  Watcher* const reactor = watcher.get();
  absl::MutexLock lock(&mutex_);
  watchers_.emplace(reactor, std::move(watcher));
  if (ended_)
    reactor->End(Stopping());
  else if (watchers_.size() > kMaxWatches)
    reactor->End({grpc::StatusCode::RESOURCE_EXHAUSTED, "too many watch the state of the server; ask with Check"});
  else
    reactor->Tell(serving_);
  return reactor;
}

bool HealthService::IsKnown(const std::string& service) const {
  return service.empty() || service == kLiveness || services_.contains(service);
}

void HealthService::Remove(const Watcher* watcher) {
  std::unique_ptr<Watcher> removed;  // let go last, after the lock
  absl::MutexLock lock(&mutex_);
  removed = std::move(watchers_.at(watcher));
  watchers_.erase(watcher);
}

}  // namespace ruyi
