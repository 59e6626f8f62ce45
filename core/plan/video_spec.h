// Says what a video is made of and how, with every default filled in: the same spec, model and build give the same
// bytes, on any device. It is stored with its job, so it holds neither pixels nor anything of a device: pictures are
// named by the digests of their blobs in the artifact store. Before it: core/plan/planner. After it: core/job,
// core/pipeline. A value; immutable once planned.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/media/encoding_settings.h"
#include "core/plan/latent_shape.h"
#include "core/request/generation_request.h"

namespace ruyi {

// One picture of a video, by reference.
struct PictureRef {
  std::string source_sha256;  // of the caller's encoded bytes, in hex
  std::string pixels_sha256;  // of the picture in the video's size, as raw RGB: size.width × size.height × 3 bytes
  friend bool operator==(const PictureRef&, const PictureRef&) = default;
};

struct VideoSpec {
  std::vector<PictureRef> start_pictures;
  std::vector<PictureRef> end_pictures;
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
  int64_t lora_bytes = 0;  // what the LoRAs take on the device
  std::optional<TeaCacheSettings> tea_cache;
  std::optional<EnhanceSettings> enhance;
  std::optional<EasyCacheSettings> easy_cache;
  std::optional<GuidanceGateSettings> guidance_gate;
  std::optional<bool> vae_tiling;
  uint64_t seed = 0;
  MemorySettings memory;                                        // what the caller allows; see core/plan/admission.h
  absl::Duration execution_timeout = absl::InfiniteDuration();  // of the work, the queue not counted
  EncodingSettings encoding;
  std::optional<PreviewSettings> preview;
};

}  // namespace ruyi
