// Makes the job of a request once, however often the call has to be repeated. Before it: create, generate. After it:
// VideoClient. Functions without state; they block.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "absl/time/time.h"
#include "client/command_context.h"
#include "client/retrier.h"
#include "client/video_client.h"

namespace ruyi::client {

// Draws a UUID of version 4.
std::string NewRequestId();

// Repeats the call until the server answers, and fills `video` with the answer. `request.request` must have a
// request_id. Tells `notice` of each wait. Ctrl-C ends the waits but not a call, whose answer names the video that must
// be cancelled.
CallEnd CreateJob(VideoClient& client, const v1::CreateVideoRequest& request, const CommandContext& context,
                  const Patience& patience, v1::Video* video);

// Says on stderr why there is no video, and how to ask again without making two. Returns the exit code.
ExitCode FailCreation(const CallEnd& end, const v1::CreateVideoRequest& request, const CommandContext& context,
                      const FlagNames& flags);

}  // namespace ruyi::client
