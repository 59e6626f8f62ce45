#include "client/estimate_command.h"

#include <iostream>

#include "client/estimate_text.h"
#include "client/generate_request.h"
#include "client/json_events.h"
#include "client/video_client.h"

namespace ruyi::client {
namespace {

absl::StatusOr<v1::EstimateVideoRequest> MakeRequest(const EstimateOptions& options) {
  absl::StatusOr<v1::GenerateVideoRequest> video = MakeGenerateRequest(options.request);
  if (!video.ok())
    return video.status();
  v1::EstimateVideoRequest request;
  *request.mutable_request() = *std::move(video);
  if (options.vram_mib.has_value())
    request.set_vram_mib(*options.vram_mib);
  return request;
}

}  // namespace

ExitCode RunEstimate(const EstimateOptions& options, const CommandContext& context) {
  const absl::StatusOr<v1::EstimateVideoRequest> request = MakeRequest(options);
  if (!request.ok())
    return FailLocally(request.status());
  v1::EstimateVideoResponse response;
  const grpc::Status status = VideoClient(context.server, context.channel)
                                  .Estimate(*request, {.cancel_source = context.interrupt->cancel_source()}, &response);
  if (status.ok()) {
    std::cout << (options.json ? MessageJson(response) + "\n" : EstimateText(response)) << std::flush;
    return ExitCode::kDone;
  }
  return FailCall(context, status, "", FlagNames(options.request));
}

}  // namespace ruyi::client
