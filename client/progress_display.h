// Shows the events of a video while it is made. Before it: VideoClient's events. After it: the terminal, a log, a
// program that reads JSON. Not thread-safe.
#pragma once

#include <string>

#include "ruyi/v1/video_event.pb.h"

namespace ruyi::client {

class ProgressDisplay {
 public:
  virtual ~ProgressDisplay() = default;

  virtual void OnEvent(const v1::VideoEvent& event) = 0;

  // Shows a sentence about the connection: "the server is away; trying again in 2 s".
  virtual void OnNotice(const std::string& text) = 0;

  // Says that no event comes any more; the next output begins on a fresh line.
  virtual void Close() = 0;
};

}  // namespace ruyi::client
