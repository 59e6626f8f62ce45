// A VideoService on a free port of this machine that does what a test says. Thread-safe but for the setters, which come
// before the calls.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_context.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "ruyi/v1/video_service.grpc.pb.h"

namespace ruyi::client {

using EventWriter = grpc::ServerWriter<v1::VideoEvent>;

class FakeServer final : public v1::VideoService::Service {
 public:
  // What a call of GenerateVideo does.
  using Script = std::function<grpc::Status(grpc::ServerContext&, EventWriter&)>;

  FakeServer();
  ~FakeServer() override;

  // HOST:PORT.
  const std::string& address() const { return address_; }

  void Play(Script script) { script_ = std::move(script); }
  // Sends `events`, then ends the call with `status`.
  void Play(std::vector<v1::VideoEvent> events, const grpc::Status& status = grpc::Status::OK);
  void Answer(const v1::Capabilities& capabilities) { capabilities_ = capabilities; }
  void Answer(const v1::EstimateVideoResponse& estimate) { estimate_ = estimate; }
  // GetCapabilities and EstimateVideo end with `status`.
  void Refuse(const grpc::Status& status) { refusal_ = status; }

  // The requests of GenerateVideo so far.
  std::vector<v1::GenerateVideoRequest> requests();

  // The requests of EstimateVideo so far.
  std::vector<v1::EstimateVideoRequest> questions();

 private:
  grpc::Status GenerateVideo(grpc::ServerContext* context, const v1::GenerateVideoRequest* request,
                             EventWriter* writer) override;
  grpc::Status EstimateVideo(grpc::ServerContext* context, const v1::EstimateVideoRequest* request,
                             v1::EstimateVideoResponse* response) override;
  grpc::Status GetCapabilities(grpc::ServerContext* context, const v1::GetCapabilitiesRequest* request,
                               v1::Capabilities* response) override;

  Script script_;
  v1::Capabilities capabilities_;
  v1::EstimateVideoResponse estimate_;
  grpc::Status refusal_;
  absl::Mutex mutex_;
  std::vector<v1::GenerateVideoRequest> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::EstimateVideoRequest> questions_ ABSL_GUARDED_BY(mutex_);
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace ruyi::client
