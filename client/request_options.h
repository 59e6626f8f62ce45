// Holds the video that the user asked for. Before it: CommandLine. After it: MakeGenerateRequest. Values that are
// absent or empty were not given; the server's defaults then hold. Plain data.
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

// The steps at both ends of the denoising that an option leaves alone.
struct SkippedEnds {
  int32_t start = 0;
  int32_t end = 0;
};

struct GivenLora {
  std::string name;
  std::optional<double> strength;
};

struct TeaCacheOptions {
  std::optional<double> threshold;  // absent: off
  std::optional<SkippedEnds> skip;
  bool offload = false;
};

struct EnhanceOptions {
  std::optional<double> weight;  // absent: off
  std::optional<SkippedEnds> skip;
};

struct EasyCacheOptions {
  std::optional<double> threshold;  // absent: off
  std::optional<SkippedEnds> skip;
};

struct MemoryOptions {
  std::optional<bool> vae_tiling;
  std::string policy;  // a word of MemoryPolicyNames()
  std::optional<int32_t> max_vram_mib;
  std::optional<int32_t> max_host_mib;
  std::optional<int32_t> resident_blocks;
  std::optional<int32_t> resident_states;
};

struct RequestOptions {
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
  std::optional<double> guidance_rescale;
  std::optional<double> clip_apply_ratio;
  std::optional<uint64_t> seed;
  std::vector<GivenLora> loras;
  std::string fp8;             // a word of Fp8ModeNames()
  std::string fp8_type;        // a word of Fp8TypeNames()
  std::string fp8_arithmetic;  // a word of Fp8ArithmeticNames()
  TeaCacheOptions tea_cache;
  EnhanceOptions enhance;
  EasyCacheOptions easy_cache;
  std::optional<double> guidance_gate;  // absent: off
  std::string quality;                  // a word of QualityNames()
  MemoryOptions memory;
};

}  // namespace ruyi::client
