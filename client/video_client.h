// The calls of ruyi.v1.VideoService, made without encryption. Before it: a request. After it: a VideoEventHandler.
// Owns its channel. Thread-safe; each call blocks its thread.
#pragma once

#include <grpcpp/support/status.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "client/cancel_source.h"
#include "client/video_event_handler.h"
#include "ruyi/v1/video_service.grpc.pb.h"

namespace ruyi::client {

struct CallOptions {
  std::optional<absl::Duration> timeout;  // absent: no deadline
  CancelSource* cancel_source = nullptr;  // must outlive the call
};

class VideoClient {
 public:
  // `address` is HOST:PORT. Does not connect; the first call does.
  explicit VideoClient(const std::string& address);

  // Fills `capabilities`.
  grpc::Status GetCapabilities(const CallOptions& options, v1::Capabilities* capabilities);

  // Fills `response`.
  grpc::Status Estimate(const v1::EstimateVideoRequest& request, const CallOptions& options,
                        v1::EstimateVideoResponse* response);

  // Hands every event of the stream to `handler`, and returns the stream's status once it has ended: CANCELLED when the
  // handler returned an error. UNAVAILABLE at once when nothing listens at the address.
  grpc::Status Generate(const v1::GenerateVideoRequest& request, const CallOptions& options,
                        VideoEventHandler& handler);

 private:
  std::unique_ptr<v1::VideoService::Stub> stub_;
};

}  // namespace ruyi::client
