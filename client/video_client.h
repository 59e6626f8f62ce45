// Makes the calls of ruyi.v1.VideoService. Before it: a request. After it: a message, or a function
// that takes the messages of a stream. Owns its channel. Thread-safe; each call blocks its thread.
#pragma once

#include <grpcpp/support/status.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "client/client_call.h"
#include "ruyi/v1/video_service.grpc.pb.h"

namespace ruyi::client {

class VideoClient {
 public:
  // These functions are given the messages of a stream in order, in the thread of the call. When one returns an error,
  // the call is cancelled and no more messages come.
  using OnEvent = absl::FunctionRef<absl::Status(const v1::VideoEvent&)>;
  using OnChunk = absl::FunctionRef<absl::Status(const v1::VideoChunk&)>;

  // Makes a client of the server at `address`, HOST:PORT. Only the first call connects.
  explicit VideoClient(const std::string& address, const ChannelOptions& options = {});

  // Each makes the call of its name and fills its last argument. Returns UNAVAILABLE at once when nothing listens at
  // the address.
  grpc::Status GetCapabilities(const CallOptions& options, v1::Capabilities* capabilities);
  grpc::Status Estimate(const v1::EstimateVideoRequest& request, const CallOptions& options,
                        v1::EstimateVideoResponse* response);
  grpc::Status Create(const v1::CreateVideoRequest& request, const CallOptions& options, v1::Video* video);
  grpc::Status Get(const std::string& name, const CallOptions& options, v1::Video* video);
  grpc::Status List(const v1::ListVideosRequest& request, const CallOptions& options, v1::ListVideosResponse* response);
  grpc::Status Cancel(const std::string& name, const CallOptions& options, v1::Video* video);
  grpc::Status Delete(const std::string& name, const CallOptions& options);

  // Sends the bytes of an encoded picture.
  grpc::Status Upload(std::string_view picture, const CallOptions& options, v1::Image* image);

  // Each returns the stream's status once it has ended: CANCELLED when the function returned an error.
  grpc::Status Watch(const v1::WatchVideoRequest& request, const CallOptions& options, OnEvent on_event);
  grpc::Status Download(const v1::DownloadVideoRequest& request, const CallOptions& options, OnChunk on_chunk);

 private:
  const std::string token_;
  std::unique_ptr<v1::VideoService::Stub> stub_;
};

}  // namespace ruyi::client
