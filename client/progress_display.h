// Shows the events of a video while it is made. Before it: VideoClient's events. After it: the terminal, a log, a
// program that reads JSON. Not thread-safe.
#pragma once

#include "ruyi/v1/video_event.pb.h"

namespace ruyi::client {

class ProgressDisplay {
 public:
  virtual ~ProgressDisplay() = default;

  virtual void OnEvent(const v1::VideoEvent& event) = 0;

  // No event comes any more; the next output begins on a fresh line.
  virtual void Close() = 0;
};

}  // namespace ruyi::client
