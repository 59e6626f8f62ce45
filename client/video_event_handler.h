// What takes the events of a video. Before it: VideoClient. After it: a file, a display. Called from one thread, that
// of VideoClient::Generate.
#pragma once

#include "absl/status/status.h"
#include "ruyi/v1/video_event.pb.h"

namespace ruyi::client {

class VideoEventHandler {
 public:
  virtual ~VideoEventHandler() = default;

  // Events come in the order of their `seq`. An error cancels the call, and no event comes after it.
  virtual absl::Status OnEvent(const v1::VideoEvent& event) = 0;
};

}  // namespace ruyi::client
