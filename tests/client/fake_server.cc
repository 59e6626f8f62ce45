#include "tests/client/fake_server.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace ruyi::client {

FakeServer::FakeServer() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(-1);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port);
}

FakeServer::~FakeServer() {
  server_->Shutdown();
}

void FakeServer::Play(std::vector<v1::VideoEvent> events, const grpc::Status& status) {
  script_ = [events = std::move(events), status](grpc::ServerContext&, EventWriter& writer) {
    int64_t seq = 0;
    for (v1::VideoEvent event : events) {
      event.set_seq(++seq);
      writer.Write(event);
    }
    return status;
  };
}

std::vector<v1::GenerateVideoRequest> FakeServer::requests() {
  absl::MutexLock lock(&mutex_);
  return requests_;
}

std::vector<v1::EstimateVideoRequest> FakeServer::questions() {
  absl::MutexLock lock(&mutex_);
  return questions_;
}

grpc::Status FakeServer::EstimateVideo(grpc::ServerContext*, const v1::EstimateVideoRequest* request,
                                       v1::EstimateVideoResponse* response) {
  absl::MutexLock lock(&mutex_);
  questions_.push_back(*request);
  *response = estimate_;
  return refusal_;
}

grpc::Status FakeServer::GenerateVideo(grpc::ServerContext* context, const v1::GenerateVideoRequest* request,
                                       EventWriter* writer) {
  {
    absl::MutexLock lock(&mutex_);
    requests_.push_back(*request);
  }
  return script_(*context, *writer);
}

grpc::Status FakeServer::GetCapabilities(grpc::ServerContext*, const v1::GetCapabilitiesRequest*,
                                         v1::Capabilities* response) {
  *response = capabilities_;
  return refusal_;
}

}  // namespace ruyi::client
