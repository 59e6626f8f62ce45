// Writes videos as text for people: a table of many, or everything about one. Before it: list, get, create
// --validate-only. After it: stdout. Pure; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "ruyi/v1/video.pb.h"

namespace ruyi::client {

// Returns one line for each video below a title: name, state, when it was made, size, frames, what it does now or how
// large it is, labels. Times are UTC. Without videos it is the title alone.
std::string VideoTable(const std::vector<v1::Video>& videos);

// Returns what the table says about the work on a video: "denoising 3/25", "1234 bytes" or "error [GPU_FAULT]".
std::string WorkText(const v1::Video& video);

// Returns when the video was made a job, in UTC: "2024-05-01 12:34:56"; empty when it is not known.
std::string CreatedText(const v1::Video& video);

// Returns a line for each thing that is known about the video. Ends with a line feed.
std::string VideoText(const v1::Video& video);

}  // namespace ruyi::client
