// GenerationRequest → ValidatedRequest: every limit checked, every picture decoded, every default filled in.
// Before it: server/convert. After it: core/plan. Thread-safe.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/media/image_decoder.h"
#include "core/media/rgb_image.h"
#include "core/request/generation_request.h"
#include "core/request/limits.h"

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
  std::optional<TeaCacheSettings> tea_cache;
  std::optional<EnhanceSettings> enhance;
  std::optional<uint64_t> seed;
  absl::Duration execution_timeout = absl::InfiniteDuration();
};

// INVALID_ARGUMENT with one FieldViolation per wrong field, all at once; reason IMAGE_TOO_LARGE when a picture is over
// its limit, else INVALID_REQUEST. Nothing is rounded: a value off the grid is refused with its nearest allowed values.
// Blocks for the time of the image decodes.
absl::StatusOr<ValidatedRequest> Validate(const GenerationRequest& request, const RequestLimits& limits,
                                          const ImageDecoder& decoder);

}  // namespace ruyi
