#include "core/plan/planner.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/status_macros.h"
#include "core/plan/resolution.h"

namespace ruyi {
namespace {

bool IsAllowed(const PixelSize& size, const RequestLimits& limits) {
  if (!limits.sizes.empty())
    return std::find(limits.sizes.begin(), limits.sizes.end(), size) != limits.sizes.end();
  const auto [shorter, longer] = std::minmax(size.width, size.height);
  return shorter >= limits.min_side && longer <= limits.max_side;
}

absl::StatusOr<PixelSize> ChooseSize(const ValidatedRequest& request, const RequestLimits& limits) {
  if (const auto* size = std::get_if<PixelSize>(&request.resolution))
    return *size;
  const RgbImage& first = request.start_images.front();
  const PixelSize bucket =
      BucketSize({.width = first.width, .height = first.height}, std::get<BaseResolution>(request.resolution).pixels);
  if (!IsAllowed(bucket, limits)) {
    return InvalidFields(
        {{"start_images[0]", absl::StrFormat("its shape (%dx%d) would give a video of %dx%d, which "
                                             "this model does not make; send a picture that is less "
                                             "wide or tall, or choose a size yourself",
                                             first.width, first.height, bucket.width, bucket.height)}});
  }
  return bucket;
}

}  // namespace

LatentShape LatentsOf(const PixelSize& size, int frame_count, const LatentGeometry& geometry) {
  return {.channels = geometry.channels,
          .frames = frame_count / geometry.frames_per_chunk * geometry.latents_per_chunk,
          .height = size.height / geometry.spatial_scale,
          .width = size.width / geometry.spatial_scale};
}

Planner::Planner(LatentGeometry geometry, RequestLimits limits, std::function<uint64_t()> draw_seed)
    : geometry_(geometry), limits_(std::move(limits)), draw_seed_(std::move(draw_seed)) {}

absl::StatusOr<GenerationPlan> Planner::Plan(ValidatedRequest request) const {
  GenerationPlan plan;
  RUYI_ASSIGN_OR_RETURN(plan.size, ChooseSize(request, limits_));
  plan.frame_count = request.frame_count;
  plan.frames_per_second = kFramesPerSecond;
  plan.latents = LatentsOf(plan.size, plan.frame_count, geometry_);
  plan.camera = request.camera;
  plan.motion = request.motion;
  plan.sampler = request.sampler;
  plan.steps = request.steps;
  plan.guidance_scale = request.guidance_scale;
  plan.guidance_rescale = request.guidance_rescale;
  plan.clip_apply_ratio = request.clip_apply_ratio;
  plan.fp8 = request.fp8;
  plan.loras = std::move(request.loras);
  plan.tea_cache = request.tea_cache;
  plan.enhance = request.enhance;
  plan.vae_tiling = request.vae_tiling;
  plan.seed = request.seed.has_value() ? *request.seed : draw_seed_();
  plan.execution_timeout = request.execution_timeout;
  plan.start_images = std::move(request.start_images);
  plan.end_images = std::move(request.end_images);
  return plan;
}

}  // namespace ruyi
