#include "server/service/video_service.h"

#include <chrono>
#include <memory>
#include <utility>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "server/convert/capabilities_to_proto.h"
#include "server/convert/estimate_to_proto.h"
#include "server/convert/request_from_proto.h"
#include "server/convert/status_to_grpc.h"

namespace ruyi {
namespace {

constexpr int kDecodingThreads = 2;
constexpr size_t kDecodingCapacity = 64;
constexpr absl::Duration kBusyRetryDelay = absl::Seconds(1);

absl::Status TooManyRequests() {
  return WithErrorInfo(absl::ResourceExhaustedError("too many requests arrive at once; send the request again later"),
                       {.reason = std::string(reason::kQueueFull), .retry_delay = kBusyRetryDelay});
}

// InfiniteFuture when the caller set none.
absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  return deadline == std::chrono::system_clock::time_point::max() ? absl::InfiniteFuture() : absl::FromChrono(deadline);
}

}  // namespace

VideoService::VideoService(const JobIntake& intake, const Clock& clock, std::string version)
    : intake_(intake),
      clock_(clock),
      version_(std::move(version)),
      decoding_(std::in_place, kDecodingThreads, kDecodingCapacity) {}

grpc::ServerWriteReactor<ruyi::v1::VideoEvent>* VideoService::GenerateVideo(
    grpc::CallbackServerContext* context, const ruyi::v1::GenerateVideoRequest* request) {
  const std::shared_ptr<VideoStream> stream = VideoStream::Create(intake_, clock_);
  streams_.Add(stream);
  if (absl::Status status = StartOnPool(stream, *request, DeadlineOf(*context)); !status.ok())
    stream->Refuse(status);
  return stream.get();
}

absl::Status VideoService::StartOnPool(const std::shared_ptr<VideoStream>& stream,
                                       const ruyi::v1::GenerateVideoRequest& proto, absl::Time deadline) {
  RUYI_RETURN_IF_ERROR(intake_.Ready());
  GenerationRequest request = FromProto(proto);
  const bool taken =
      decoding_->TryRun([stream, request = std::move(request), deadline] { stream->Start(request, deadline); });
  return taken ? absl::OkStatus() : TooManyRequests();
}

grpc::ServerUnaryReactor* VideoService::EstimateVideo(grpc::CallbackServerContext* context,
                                                      const ruyi::v1::EstimateVideoRequest* request,
                                                      ruyi::v1::EstimateVideoResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (absl::Status status = EstimateOnPool(*request, response, reactor); !status.ok())
    reactor->Finish(ToGrpc(status));
  return reactor;
}

// Finishes the call there, if it is taken.
absl::Status VideoService::EstimateOnPool(const ruyi::v1::EstimateVideoRequest& proto,
                                          ruyi::v1::EstimateVideoResponse* response,
                                          grpc::ServerUnaryReactor* reactor) {
  RUYI_RETURN_IF_ERROR(intake_.Ready());
  EstimateRequest request = FromProto(proto);
  const bool taken = decoding_->TryRun([this, request = std::move(request), response, reactor] {
    const absl::StatusOr<JobEstimate> estimate = intake_.EstimateFor(request.generation, request.budget_bytes);
    if (estimate.ok())
      *response = ToProto(estimate->estimate, estimate->queue_wait);
    reactor->Finish(ToGrpc(estimate.status()));
  });
  return taken ? absl::OkStatus() : TooManyRequests();
}

grpc::ServerUnaryReactor* VideoService::GetCapabilities(grpc::CallbackServerContext* context,
                                                        const ruyi::v1::GetCapabilitiesRequest* /*request*/,
                                                        ruyi::v1::Capabilities* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::Status ready = intake_.Ready();
  if (ready.ok())
    *response = ToProto(intake_.limits(), version_, intake_.queue_capacity(), intake_.lora_names());
  reactor->Finish(ToGrpc(ready));
  return reactor;
}

}  // namespace ruyi
