#include "client/cancel_command.h"

#include <iostream>

#include "client/choices.h"
#include "client/video_client.h"

namespace ruyi::client {

ExitCode RunCancel(const std::string& name, const CommandContext& context) {
  v1::Video video;
  const grpc::Status status = VideoClient(context.server, context.channel)
                                  .Cancel(name, {.cancel_source = context.interrupt->cancel_source()}, &video);
  if (!status.ok())
    return FailCall(context, status, name);
  std::cout << name << " is " << NameOfState(video.state()) << std::endl;
  return ExitCode::kDone;
}

}  // namespace ruyi::client
