// What will be computed, decided before any work: the one argument of a pipeline. Before it: core/plan/planner.
// After it: core/job and core/pipeline. A value; immutable once planned.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/media/rgb_image.h"
#include "core/plan/prediction.h"
#include "core/request/generation_request.h"

namespace ruyi {

// How pixels and frames map to latents; a fact of the loaded model.
struct LatentGeometry {
  int spatial_scale = 8;      // pixels per latent, both ways
  int frames_per_chunk = 8;   // pixel frames that the VAE encodes at once
  int latents_per_chunk = 2;  // latent frames that one chunk becomes
  int channels = 16;
};

struct LatentShape {
  int channels = 0;
  int frames = 0;
  int height = 0;
  int width = 0;
  friend bool operator==(const LatentShape&, const LatentShape&) = default;
};

// The latents of a video; `frame_count` is a multiple of the chunk, the sides of the scale.
LatentShape LatentsOf(const PixelSize& size, int frame_count, const LatentGeometry& geometry);

struct GenerationPlan {
  std::vector<RgbImage> start_images;  // not yet resized
  std::vector<RgbImage> end_images;
  PixelSize size;
  int frame_count = 0;
  int frames_per_second = 0;
  LatentShape latents;
  Camera camera = Camera::kAuto;
  std::optional<int> motion;
  SamplerKind sampler = SamplerKind::kDdim;
  int steps = 0;
  double guidance_scale = 0;
  double guidance_rescale = 0;
  double clip_apply_ratio = 0;
  Fp8Settings fp8;
  std::vector<LoraSettings> loras;
  int64_t lora_bytes = 0;  // that they take on the device
  std::optional<TeaCacheSettings> tea_cache;
  std::optional<EnhanceSettings> enhance;
  std::optional<bool> vae_tiling;
  uint64_t seed = 0;
  absl::Duration execution_timeout = absl::InfiniteDuration();

  Prediction prediction;              // for the memory mode that was chosen
  std::vector<Prediction> fallbacks;  // for when the device's memory runs out after all: each smaller than the last
  int64_t budget_bytes = 0;           // that the mode was chosen for
  std::string memory_reason;          // why this mode
};

}  // namespace ruyi
