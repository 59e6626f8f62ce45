// What the user asked of `ruyi-client generate`. Before it: CommandLine. After it: GenerateCommand. What is absent or
// empty was not given, and the server's default holds. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ruyi::client {

struct FrameSize {
  int32_t width = 0;   // pixels
  int32_t height = 0;  // pixels
};

struct GenerateOptions {
  std::vector<std::string> images;      // paths
  std::vector<std::string> end_images;  // paths
  std::optional<int32_t> frames;
  std::optional<int32_t> resolution;
  std::optional<FrameSize> size;
  std::string camera;  // a word of CameraNames()
  std::optional<int32_t> motion;
  std::string sampler;  // a word of SamplerNames()
  std::optional<int32_t> steps;
  std::optional<double> guidance;
  std::optional<uint64_t> seed;
  std::optional<double> timeout_s;
  std::string out;    // path of the MP4
  std::string sheet;  // path of a PNG
  bool json = false;
};

}  // namespace ruyi::client
