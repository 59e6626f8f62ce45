#include "client/video_client.h"

#include <arpa/inet.h>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>

#include "absl/strings/str_cat.h"

namespace ruyi::client {
namespace {

constexpr size_t kUploadBytes = 256 * 1024;
constexpr absl::Duration kFirstReconnect = absl::Seconds(1);
constexpr absl::Duration kLongestReconnect = absl::Seconds(10);

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

grpc::ChannelArguments Arguments(const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive_time));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(options.keepalive_timeout));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // a client that only listens pings all the same
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, Milliseconds(kFirstReconnect));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, Milliseconds(kLongestReconnect));
  return arguments;
}

// The context of one call, cancelled by its source.
class Call {
 public:
  Call(const CallOptions& options, const std::string& token) : scope_(options.cancel_source, &context_) {
    if (!token.empty())
      context_.AddMetadata("authorization", absl::StrCat("Bearer ", token));
    if (options.timeout.has_value())
      context_.set_deadline(absl::ToChronoTime(absl::Now() + *options.timeout));
  }

  grpc::ClientContext* context() { return &context_; }

 private:
  grpc::ClientContext context_;
  CancelSource::Scope scope_;
};

template <typename Message>
grpc::Status ReadAll(grpc::ClientReader<Message>& stream, Call& call,
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

bool IsOfThisMachine(const std::string& address) {
  constexpr uint32_t kLoopbackNet = 127;
  const std::string host = address.substr(0, address.rfind(':'));
  in_addr ipv4 = {};
  if (inet_pton(AF_INET, host.c_str(), &ipv4) == 1)
    return ntohl(ipv4.s_addr) >> 24 == kLoopbackNet;
  return host == "localhost" || host == "[::1]";
}

VideoClient::VideoClient(const std::string& address, const ChannelOptions& options)
    : token_(options.encrypts || IsOfThisMachine(address) ? options.token : ""),
      stub_(v1::VideoService::NewStub(grpc::CreateCustomChannel(address, options.credentials, Arguments(options)))) {}

grpc::Status VideoClient::GetCapabilities(const CallOptions& options, v1::Capabilities* capabilities) {
  return stub_->GetCapabilities(Call(options, token_).context(), v1::GetCapabilitiesRequest(), capabilities);
}

grpc::Status VideoClient::Estimate(const v1::EstimateVideoRequest& request, const CallOptions& options,
                                   v1::EstimateVideoResponse* response) {
  return stub_->EstimateVideo(Call(options, token_).context(), request, response);
}

grpc::Status VideoClient::Create(const v1::CreateVideoRequest& request, const CallOptions& options, v1::Video* video) {
  return stub_->CreateVideo(Call(options, token_).context(), request, video);
}

grpc::Status VideoClient::Get(const std::string& name, const CallOptions& options, v1::Video* video) {
  v1::GetVideoRequest request;
  request.set_name(name);
  return stub_->GetVideo(Call(options, token_).context(), request, video);
}

grpc::Status VideoClient::List(const v1::ListVideosRequest& request, const CallOptions& options,
                               v1::ListVideosResponse* response) {
  return stub_->ListVideos(Call(options, token_).context(), request, response);
}

grpc::Status VideoClient::Cancel(const std::string& name, const CallOptions& options, v1::Video* video) {
  v1::CancelVideoRequest request;
  request.set_name(name);
  return stub_->CancelVideo(Call(options, token_).context(), request, video);
}

grpc::Status VideoClient::Delete(const std::string& name, const CallOptions& options) {
  v1::DeleteVideoRequest request;
  request.set_name(name);
  google::protobuf::Empty nothing;
  return stub_->DeleteVideo(Call(options, token_).context(), request, &nothing);
}

grpc::Status VideoClient::Upload(std::string_view picture, const CallOptions& options, v1::Image* image) {
  Call call(options, token_);
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
  Call call(options, token_);
  return ReadAll(*stub_->WatchVideo(call.context(), request), call, on_event);
}

grpc::Status VideoClient::Download(const v1::DownloadVideoRequest& request, const CallOptions& options,
                                   OnChunk on_chunk) {
  Call call(options, token_);
  return ReadAll(*stub_->DownloadVideo(call.context(), request), call, on_chunk);
}

}  // namespace ruyi::client
