// Holds what the user asked of the job that makes a video, beside the video itself: how the job is treated and how the
// video is encoded. Before it: CommandLine. After it: SetJobOptions. Values that are absent or empty were not given.
// Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace ruyi::client {

struct EncodingOptions {
  std::optional<int32_t> crf;
  std::string preset;  // a word of EncoderPresetNames()
  std::optional<int32_t> fragment_frames;
  bool faststart = false;
};

struct JobOptions {
  std::string request_id;  // up to 64 printable ASCII characters; empty: the client draws a UUID
  std::map<std::string, std::string> labels;
  std::string priority;                        // a word of PriorityNames()
  std::optional<int32_t> preview_every_steps;  // absent: no previews; 0: as often as the server's default
  EncodingOptions encoding;
  bool reuse = false;
};

}  // namespace ruyi::client
