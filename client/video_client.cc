#include "client/video_client.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

namespace ruyi::client {
namespace {

void SetDeadline(const CallOptions& options, grpc::ClientContext& context) {
  if (options.timeout.has_value())
    context.set_deadline(absl::ToChronoTime(absl::Now() + *options.timeout));
}

}  // namespace

VideoClient::VideoClient(const std::string& address)
    : stub_(v1::VideoService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {}

grpc::Status VideoClient::GetCapabilities(const CallOptions& options, v1::Capabilities* capabilities) {
  grpc::ClientContext context;
  SetDeadline(options, context);
  CancelSource::Scope scope(options.cancel_source, &context);
  return stub_->GetCapabilities(&context, v1::GetCapabilitiesRequest(), capabilities);
}

grpc::Status VideoClient::Estimate(const v1::EstimateVideoRequest& request, const CallOptions& options,
                                   v1::EstimateVideoResponse* response) {
  grpc::ClientContext context;
  SetDeadline(options, context);
  CancelSource::Scope scope(options.cancel_source, &context);
  return stub_->EstimateVideo(&context, request, response);
}

grpc::Status VideoClient::Generate(const v1::GenerateVideoRequest& request, const CallOptions& options,
                                   VideoEventHandler& handler) {
  grpc::ClientContext context;
  SetDeadline(options, context);
  CancelSource::Scope scope(options.cancel_source, &context);
  auto stream = stub_->GenerateVideo(&context, request);
  bool wanted = true;
  for (v1::VideoEvent event; stream->Read(&event);) {
    if (wanted && !handler.OnEvent(event).ok()) {
      wanted = false;
      context.TryCancel();
    }
  }
  return stream->Finish();
}

}  // namespace ruyi::client
