#include "client/get_command.h"

#include <iostream>

#include "client/json_events.h"
#include "client/video_client.h"
#include "client/video_text.h"

namespace ruyi::client {

ExitCode RunGet(const GetOptions& options, const CommandContext& context) {
  v1::Video video;
  const grpc::Status status = VideoClient(context.server, context.channel)
                                  .Get(options.name, {.cancel_source = context.interrupt->cancel_source()}, &video);
  if (!status.ok())
    return FailCall(context, status, options.name);
  std::cout << (options.json ? MessageJson(video) + "\n" : VideoText(video)) << std::flush;
  return ExitCode::kDone;
}

}  // namespace ruyi::client
