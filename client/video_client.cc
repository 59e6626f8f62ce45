#include "client/video_client.h"

namespace ruyi::client {
namespace {

constexpr size_t kUploadBytes = 256 * 1024;

template <typename Message>
grpc::Status ReadAll(grpc::ClientReader<Message>& stream, ClientCall& call,
                     absl::FunctionRef<absl::Status(const Message&)> on_message) {
  bool wanted = true;
  for (Message message; stream.Read(&message);) {
    if (wanted && !on_message(message).ok()) {
      wanted = false;
      call.context()->TryCancel();
    }
  }
  return stream.Finish();
}

}  // namespace

VideoClient::VideoClient(const std::string& address, const ChannelOptions& options)
    : token_(TokenFor(address, options)), stub_(v1::VideoService::NewStub(OpenChannel(address, options))) {}

grpc::Status VideoClient::GetCapabilities(const CallOptions& options, v1::Capabilities* capabilities) {
  return stub_->GetCapabilities(ClientCall(options, token_).context(), v1::GetCapabilitiesRequest(), capabilities);
}

grpc::Status VideoClient::Estimate(const v1::EstimateVideoRequest& request, const CallOptions& options,
                                   v1::EstimateVideoResponse* response) {
  return stub_->EstimateVideo(ClientCall(options, token_).context(), request, response);
}

grpc::Status VideoClient::Create(const v1::CreateVideoRequest& request, const CallOptions& options, v1::Video* video) {
  return stub_->CreateVideo(ClientCall(options, token_).context(), request, video);
}

grpc::Status VideoClient::Get(const std::string& name, const CallOptions& options, v1::Video* video) {
  v1::GetVideoRequest request;
  request.set_name(name);
  return stub_->GetVideo(ClientCall(options, token_).context(), request, video);
}

grpc::Status VideoClient::List(const v1::ListVideosRequest& request, const CallOptions& options,
                               v1::ListVideosResponse* response) {
  return stub_->ListVideos(ClientCall(options, token_).context(), request, response);
}

grpc::Status VideoClient::Cancel(const std::string& name, const CallOptions& options, v1::Video* video) {
  v1::CancelVideoRequest request;
  request.set_name(name);
  return stub_->CancelVideo(ClientCall(options, token_).context(), request, video);
}

grpc::Status VideoClient::Delete(const std::string& name, const CallOptions& options) {
  v1::DeleteVideoRequest request;
  request.set_name(name);
  google::protobuf::Empty nothing;
  return stub_->DeleteVideo(ClientCall(options, token_).context(), request, &nothing);
}

grpc::Status VideoClient::Upload(std::string_view picture, const CallOptions& options, v1::Image* image) {
  ClientCall call(options, token_);
  const auto stream = stub_->UploadImage(call.context(), image);
  bool wanted = true;
  for (v1::UploadImageRequest part; wanted && !picture.empty(); picture.remove_prefix(part.data().size())) {
    part.set_data(std::string(picture.substr(0, kUploadBytes)));
    wanted = stream->Write(part);
  }
  stream->WritesDone();
  return stream->Finish();
}

grpc::Status VideoClient::Watch(const v1::WatchVideoRequest& request, const CallOptions& options, OnEvent on_event) {
  ClientCall call(options, token_);
  return ReadAll(*stub_->WatchVideo(call.context(), request), call, on_event);
}

grpc::Status VideoClient::Download(const v1::DownloadVideoRequest& request, const CallOptions& options,
                                   OnChunk on_chunk) {
  ClientCall call(options, token_);
  return ReadAll(*stub_->DownloadVideo(call.context(), request), call, on_chunk);
}

}  // namespace ruyi::client
