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

namespace {

GenerationPlan PlanOf(ValidatedRequest request) {
  GenerationPlan plan;
  plan.frame_count = request.frame_count;
  plan.frames_per_second = kFramesPerSecond;
  plan.camera = request.camera;
  plan.motion = request.motion;
  plan.sampler = request.sampler;
  plan.steps = request.steps;
  plan.guidance_scale = request.guidance_scale;
  plan.guidance_rescale = request.guidance_rescale;
  plan.clip_apply_ratio = request.clip_apply_ratio;
  plan.fp8 = request.fp8;
  plan.loras = std::move(request.loras);
  plan.lora_bytes = request.lora_bytes;
  plan.tea_cache = request.tea_cache;
  plan.enhance = request.enhance;
  plan.vae_tiling = request.vae_tiling;
  plan.execution_timeout = request.execution_timeout;
  plan.start_images = std::move(request.start_images);
  plan.end_images = std::move(request.end_images);
  return plan;
}

// The chosen mode, and those to fall back to: all that take less.
void Settle(const Admission& admission, GenerationPlan& plan) {
  plan.budget_bytes = admission.budget_bytes;
  plan.memory_reason = admission.reason;
  if (!admission.chosen.has_value())
    return;
  plan.prediction = admission.modes[*admission.chosen].prediction;
  for (size_t i = *admission.chosen + 1; i < admission.modes.size(); ++i)
    plan.fallbacks.push_back(admission.modes[i].prediction);
}

}  // namespace

absl::StatusOr<Estimate> Planner::EstimateFor(ValidatedRequest request, std::optional<int64_t> budget_bytes) const {
  RUYI_ASSIGN_OR_RETURN(const PixelSize size, ChooseSize(request, parts_.limits));
  const MemorySettings memory = request.memory;
  const std::optional<uint64_t> seed = request.seed;
  Estimate estimate = {.plan = PlanOf(std::move(request))};
  estimate.plan.size = size;
  estimate.plan.latents = LatentsOf(size, estimate.plan.frame_count, parts_.costs->facts().geometry);
  estimate.plan.seed = seed.has_value() ? *seed : parts_.draw_seed();
  const int64_t budget = budget_bytes.has_value() ? *budget_bytes : parts_.available_bytes();
  RUYI_ASSIGN_OR_RETURN(estimate.admission, Admit(*parts_.costs, estimate.plan, memory, budget));
  Settle(estimate.admission, estimate.plan);
  return estimate;
}

absl::StatusOr<GenerationPlan> Planner::Plan(ValidatedRequest request) const {
  RUYI_ASSIGN_OR_RETURN(Estimate estimate, EstimateFor(std::move(request), std::nullopt));
  if (!estimate.admission.chosen.has_value())
    return NothingFits(estimate.admission);
  return std::move(estimate.plan);
}

}  // namespace ruyi
