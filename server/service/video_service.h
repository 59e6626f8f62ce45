// The RPCs of ruyi.v1.VideoService, each as thin as it can be. Before it: the wire. After it: video_stream.h,
// job_intake.h.
// Thread-safe.
#pragma once

#include <ruyi/v1/video_service.grpc.pb.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "server/service/job_intake.h"
#include "server/service/stream_registry.h"
#include "server/service/task_pool.h"

namespace ruyi {

class VideoService final : public ruyi::v1::VideoService::CallbackService {
 public:
  // `intake` and `clock` must outlive the service. `version` is what GetCapabilities says.
  VideoService(const JobIntake& intake, const Clock& clock, std::string version);

  grpc::ServerWriteReactor<ruyi::v1::VideoEvent>* GenerateVideo(grpc::CallbackServerContext* context,
                                                                const ruyi::v1::GenerateVideoRequest* request) override;

  grpc::ServerUnaryReactor* EstimateVideo(grpc::CallbackServerContext* context,
                                          const ruyi::v1::EstimateVideoRequest* request,
                                          ruyi::v1::EstimateVideoResponse* response) override;

  grpc::ServerUnaryReactor* GetCapabilities(grpc::CallbackServerContext* context,
                                            const ruyi::v1::GetCapabilitiesRequest* request,
                                            ruyi::v1::Capabilities* response) override;

  // Ticks every stream: heartbeats where they are due, and no waiting for readers whose jobs have ended.
  void Tick() { streams_.Tick(); }

  // Waits for what is being decoded; the intake is not called after it. Only when no call comes any more.
  void Stop() { decoding_.reset(); }

 private:
  absl::Status StartOnPool(const std::shared_ptr<VideoStream>& stream, const ruyi::v1::GenerateVideoRequest& proto,
                           absl::Time deadline);
  absl::Status EstimateOnPool(const ruyi::v1::EstimateVideoRequest& proto, ruyi::v1::EstimateVideoResponse* response,
                              grpc::ServerUnaryReactor* reactor);

  const JobIntake& intake_;
  const Clock& clock_;
  const std::string version_;
  StreamRegistry streams_;
  std::optional<TaskPool> decoding_;
};

}  // namespace ruyi
