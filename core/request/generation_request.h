// A caller's wish as it came in, before any check. Before it: server/convert. After it: core/request/validate.
// A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/base/error_info.h"

namespace ruyi {

enum class Camera { kAuto, kStatic, kLeft, kRight, kUp, kDown };
enum class SamplerKind { kDdim, kEuler, kEulerAncestral, kDpmMultistep, kPndm };

struct PixelSize {
  int width = 0;
  int height = 0;
  friend bool operator==(const PixelSize&, const PixelSize&) = default;
};

// Leaves out steps whose input has hardly changed (core/cache/tea_cache.h).
struct TeaCacheSettings {
  double threshold = 0.1;
  int skip_start_steps = 3;
  int skip_end_steps = 1;
  bool offload = false;  // what it keeps lies in the host's memory
};

// Makes frames agree more (core/model/dit/enhance_video.h), but not in the first and the last steps.
struct EnhanceSettings {
  double weight = 1.0;
  int skip_start_steps = 0;
  int skip_end_steps = 0;
};

// Which weights of the transformer lie in 8 bits (core/quant/fp8.h), and in which kind of 8 bits.
enum class Fp8Mode { kNone, kLite, kStrong, kExtreme };
enum class Fp8Type { kE4m3fn, kE5m2 };

struct Fp8Settings {
  Fp8Mode mode = Fp8Mode::kNone;
  Fp8Type type = Fp8Type::kE4m3fn;  // of no meaning without a mode
  friend bool operator==(const Fp8Settings&, const Fp8Settings&) = default;
};

inline constexpr double kDefaultLoraStrength = 1.0;

// A low-rank change of the transformer's weights (core/lora).
struct LoraSettings {
  std::string name;  // as the server lists it
  double strength = kDefaultLoraStrength;
  std::string sha256;  // of its file, in 64 hexadecimal digits; filled in by validate
};

// Which of the memory modes that fit (core/plan/admission.h).
enum class MemoryPolicy {
  kAuto,      // the fastest that fits
  kFastest,   // the fastest of all, or none
  kSmallest,  // the one that takes the least memory
};

struct MemorySettings {
  MemoryPolicy policy = MemoryPolicy::kAuto;
  std::optional<int> max_vram_mib;     // beside the server's own budget
  std::optional<int> resident_blocks;  // fixed instead of chosen
  std::optional<int> resident_states;  // fixed instead of chosen
};

// Absent optionals take the model's defaults (core/request/limits.h).
struct GenerationRequest {
  std::vector<std::string> start_images;  // encoded bytes
  std::vector<std::string> end_images;    // encoded bytes
  std::optional<int> base_resolution;     // aspect bucket of about base_resolution² pixels; not with `size`
  std::optional<PixelSize> size;          // explicit; not with `base_resolution`
  std::optional<int> frame_count;
  Camera camera = Camera::kAuto;
  std::optional<int> motion;  // 1 (least) to 4; absent: auto
  SamplerKind sampler = SamplerKind::kDdim;
  std::optional<int> steps;
  std::optional<double> guidance_scale;
  std::optional<double> guidance_rescale;  // 0: off
  std::optional<double>
      clip_apply_ratio;            // of the steps, the last ones, at which the first picture's CLIP tokens are seen
  std::optional<Fp8Settings> fp8;  // absent: as the server's weights are
  std::vector<LoraSettings> loras;
  std::optional<TeaCacheSettings> tea_cache;
  std::optional<EnhanceSettings> enhance;
  std::optional<bool> vae_tiling;  // absent: as the model's configuration says
  MemorySettings memory;
  std::optional<uint64_t> seed;                                 // absent: drawn
  absl::Duration execution_timeout = absl::InfiniteDuration();  // from the start of the work
  std::vector<FieldViolation> unreadable;  // what the message says that has no place above; validate refuses it
};

}  // namespace ruyi
