// Writes what a video would take as a table. Before it: the server's answer. After it: stdout. Pure; thread-safe.
#pragma once

#include <string>

#include "ruyi/v1/video_service.pb.h"

namespace ruyi::client {

// Returns the video, the budget and the wait; a line for each memory mode, the chosen one marked; and why it was
// chosen. Ends with a line feed.
std::string EstimateText(const v1::EstimateVideoResponse& estimate);

}  // namespace ruyi::client
