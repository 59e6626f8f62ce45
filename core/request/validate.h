// GenerationRequest → ValidatedRequest: every limit checked, every picture decoded, every default filled in.
// Before it: server/convert. After it: core/plan. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/media/image_decoder.h"
#include "core/media/rgb_image.h"
#include "core/request/generation_request.h"
#include "core/request/limits.h"
#include "core/request/lora_catalog.h"

namespace ruyi {

struct BaseResolution {
  int pixels = 0;  // side of the square with the video's area
};

// Nothing in it can be refused any more for its own sake. The pictures are as decoded, not yet resized.
struct ValidatedRequest {
  std::vector<RgbImage> start_images;  // at least one
  std::vector<RgbImage> end_images;
  std::variant<BaseResolution, PixelSize> resolution;
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
  int64_t lora_bytes = 0;  // that they take on the device
  std::optional<bool> vae_tiling;
  MemorySettings memory;
  std::optional<uint64_t> seed;
  absl::Duration execution_timeout = absl::InfiniteDuration();
};

// INVALID_ARGUMENT with one FieldViolation per wrong field, all at once, those of `request.unreadable` first; reason
// IMAGE_TOO_LARGE when a picture is over its limit, else INVALID_REQUEST. Nothing is rounded: a value off the grid is
// refused with its nearest allowed values. A list that is too long is not looked into.
// UNIMPLEMENTED with one FieldViolation and reason FEATURE_NOT_BUILT: another FP8 mode than that of weights that lie in
// 8 bits, and nothing else is wrong.
// Blocks for the time of the image decodes and on the files of the LoRAs.
absl::StatusOr<ValidatedRequest> Validate(const GenerationRequest& request, const RequestLimits& limits,
                                          const ImageDecoder& decoder, const LoraCatalog& loras);

}  // namespace ruyi
