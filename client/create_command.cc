#include "client/create_command.h"

#include <iostream>

#include "client/generate_request.h"
#include "client/job_creation.h"
#include "client/job_request.h"
#include "client/video_text.h"

namespace ruyi::client {

ExitCode RunCreate(const CreateOptions& options, const CommandContext& context) {
  const absl::StatusOr<v1::GenerateVideoRequest> video_request = MakeGenerateRequest(options.request);
  if (!video_request.ok())
    return FailLocally(video_request.status());
  v1::CreateVideoRequest request;
  *request.mutable_request() = *video_request;
  SetJobOptions(options.job, *request.mutable_request());
  if (options.job.request_id.empty())
    request.mutable_request()->set_request_id(NewRequestId());
  request.set_validate_only(options.validate_only);
  VideoClient client(context.server, context.channel);
  v1::Video video;
  const CallEnd end = CreateJob(client, request, context, {.retry_for = absl::Seconds(options.retry_for_s)}, &video);
  if (!end.status.ok())
    return FailCreation(end, request, context, FlagNames(options.request));
  std::cout << (options.validate_only ? VideoText(video) : video.name() + "\n") << std::flush;
  return ExitCode::kDone;
}

}  // namespace ruyi::client
