// A request for a video as it came in, before any check. Before it: server/convert. After it: core/request/validate. A
// value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/base/error_info.h"
#include "core/media/encoding_settings.h"
#include "core/media/pixel_size.h"

namespace ruyi {

enum class Camera { kAuto, kStatic, kLeft, kRight, kUp, kDown };
enum class SamplerKind { kDdim, kEuler, kEulerAncestral, kDpmMultistep, kPndm };

// Asks to leave out steps whose input has hardly changed (core/cache/tea_cache.h).
struct TeaCacheSettings {
  double threshold = 0.1;
  int skip_start_steps = 3;
  int skip_end_steps = 1;
  bool offload = false;  // what TeaCache keeps lies in the host's memory
};

// Asks to leave out calls of the transformer whose prediction is expected to change little (core/cache/easy_cache.h).
// The defaults are the paper's for guided videos: its threshold, and of our default of 25 steps the share of its
// warm-up.
struct EasyCacheSettings {
  double threshold = 0.05;
  int skip_start_steps = 5;
  int skip_end_steps = 1;
};

// Asks to compute the branch without the condition in the first steps only (core/pipeline/ruyi/guidance_gate.h).
struct GuidanceGateSettings {
  double start_ratio = 0.7;  // of the steps, after which the difference of the branches stays as it is
};

// Asks that frames agree more (core/model/dit/enhance_video.h), but not in the first and the last steps.
struct EnhanceSettings {
  double weight = 1.0;
  int skip_start_steps = 0;
  int skip_end_steps = 0;
};

// Says which weights of the transformer are stored in 8 bits (core/quant/fp8.h), in which 8-bit type, and how products
// with them are computed: from weights that are widened, or in 8 bits with scales.
enum class Fp8Mode { kNone, kLite, kStrong, kExtreme };
enum class Fp8Type { kE4m3fn, kE5m2 };
enum class Fp8Arithmetic { kWidened, kScaled };

struct Fp8Settings {
  Fp8Mode mode = Fp8Mode::kNone;
  // These have no meaning without a mode.
  Fp8Type type = Fp8Type::kE4m3fn;
  Fp8Arithmetic arithmetic = Fp8Arithmetic::kWidened;  // kScaled: with kE4m3fn only
  friend bool operator==(const Fp8Settings&, const Fp8Settings&) = default;
};

inline constexpr double kDefaultLoraStrength = 1.0;

// A low-rank change of the transformer's weights (core/lora).
struct LoraSettings {
  std::string name;  // as the server lists it
  double strength = kDefaultLoraStrength;
  std::string sha256;  // of the file, in 64 hexadecimal digits; filled in by validate
};

// Names settings that trade likeness for time (core/request/quality_profile.h).
enum class Quality { kLossless, kBalanced, kFast };

// Says which of the memory modes that fit is taken (core/plan/admission.h).
enum class MemoryPolicy {
  kAuto,      // the fastest that fits
  kFastest,   // the fastest of all, or none
  kSmallest,  // the one that takes the least memory
};

struct MemorySettings {
  MemoryPolicy policy = MemoryPolicy::kAuto;
  std::optional<int> max_vram_mib;     // beside the server's own budget
  std::optional<int> max_host_mib;     // beside what the host has
  std::optional<int> resident_blocks;  // fixed instead of chosen
  std::optional<int> resident_states;  // fixed instead of chosen
};

// Asks for small pictures of the latents while a video is being denoised.
struct PreviewSettings {
  int every_steps = 5;
  int width = 160;  // pixels; the height follows the video's shape
  friend bool operator==(const PreviewSettings&, const PreviewSettings&) = default;
};

// A caller's picture: its encoded bytes, or the name of an earlier upload, "images/{sha256}".
struct PictureSource {
  std::string data;
  std::string upload;
};

// Says how the video is to be encoded. Absent optionals take the defaults of EncodingSettings.
struct EncodingRequest {
  std::optional<int> crf;
  std::optional<EncoderPreset> preset;
  std::optional<int> fragment_frames;  // not with `faststart`
  bool faststart = false;
};

// The whole request. Absent optionals take the model's defaults (core/request/limits.h).
struct GenerationRequest {
  std::vector<PictureSource> start_images;
  std::vector<PictureSource> end_images;
  std::optional<int> base_resolution;  // aspect bucket of about base_resolution² pixels; not with `size`
  std::optional<PixelSize> size;       // explicit; not with `base_resolution`
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
  std::optional<EasyCacheSettings> easy_cache;  // not with `tea_cache`
  std::optional<GuidanceGateSettings>
      guidance_gate;                     // not with `tea_cache` or `enhance`; of no meaning without guidance
  Quality quality = Quality::kLossless;  // gives what of these is absent
  std::optional<bool> vae_tiling;        // absent: as the model's configuration says
  MemorySettings memory;
  EncodingRequest encoding;
  std::optional<PreviewSettings> preview;                       // absent: none
  std::optional<uint64_t> seed;                                 // absent: drawn
  absl::Duration execution_timeout = absl::InfiniteDuration();  // from the start of the work
  std::vector<FieldViolation> unreadable;  // what the message says and no field above can hold; validate refuses it
};

}  // namespace ruyi
