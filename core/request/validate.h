// Turns a GenerationRequest into a ValidatedRequest: checks every limit, decodes and resizes every picture, fills in
// every default. Before it: server/convert; pictures that were uploaded earlier are in place as bytes. After it:
// core/plan. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancellation.h"
#include "core/media/encoding_settings.h"
#include "core/media/image_decoder.h"
#include "core/media/pixel_size.h"
#include "core/request/generation_request.h"
#include "core/request/limits.h"
#include "core/request/lora_catalog.h"
#include "core/request/picture_reader.h"

namespace ruyi {

// A request in which everything is valid; only lack of room or time can refuse it now.
struct ValidatedRequest {
  std::vector<ValidPicture> start_pictures;  // at least one
  std::vector<ValidPicture> end_pictures;
  PixelSize size;
  int frame_count = 0;
  Camera camera = Camera::kAuto;
  std::optional<int> motion;
  SamplerKind sampler = SamplerKind::kDdim;
  int steps = 0;
  double guidance_scale = 0;
  double guidance_rescale = 0;
  double clip_apply_ratio = 0;
  Fp8Settings fp8;
  std::vector<LoraSettings> loras;
  std::optional<TeaCacheSettings> tea_cache;
  std::optional<EnhanceSettings> enhance;
  std::optional<EasyCacheSettings> easy_cache;
  std::optional<GuidanceGateSettings> guidance_gate;
  int64_t lora_bytes = 0;  // what the LoRAs take on the device
  std::optional<bool> vae_tiling;
  MemorySettings memory;
  EncodingSettings encoding;
  std::optional<PreviewSettings> preview;
  std::optional<uint64_t> seed;
  absl::Duration execution_timeout = absl::InfiniteDuration();
};

// Returns INVALID_ARGUMENT with one FieldViolation per wrong field, all at once, those of `request.unreadable` first;
// reason IMAGE_TOO_LARGE when a picture is over its limit, else INVALID_REQUEST. Nothing is rounded: a value off the
// grid is refused with its nearest allowed values. A list that is too long is not looked into. Where the caller left
// the size out, it is the bucket of the first start picture; a bucket that the model does not make is a violation of
// start_images[0]. UNIMPLEMENTED with one FieldViolation and reason FEATURE_NOT_BUILT: another FP8 mode, type or
// arithmetic than that of weights that lie in 8 bits, and nothing else is wrong. Returns the status of `token` once
// that has ended; it is polled before each picture and each LoRA. Blocks for the time of the image decodes and on the
// files of the LoRAs.
absl::StatusOr<ValidatedRequest> Validate(const GenerationRequest& request, const RequestLimits& limits,
                                          const ImageDecoder& decoder, const LoraCatalog& loras,
                                          const CancellationToken& token);

}  // namespace ruyi
