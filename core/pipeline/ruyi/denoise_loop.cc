#include "core/pipeline/ruyi/denoise_loop.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>

#include <memory>
#include <optional>

#include "core/base/status_macros.h"
#include "core/cache/tea_cache.h"
#include "core/pipeline/ruyi/guidance.h"
#include "core/pipeline/ruyi/make_sampler.h"
#include "core/pipeline/ruyi/noise_predictor.h"
#include "core/pipeline/ruyi/not_finite.h"

namespace ruyi {
namespace {

// What latents and timesteps are rounded to. The reference keeps them in the type of the encoded prompts, and its model
// is asked about timesteps of that type; float32 is float32 throughout.
c10::ScalarType RoundingType(const RuyiModels& models) {
  return models.placement.dtype == at::kFloat ? at::kFloat : models.embeddings.stored_type();
}

at::Tensor Rounded(const at::Tensor& x, c10::ScalarType type) {
  return x.to(type).to(at::kFloat);
}

std::optional<TeaCache> CacheOf(const GenerationPlan& plan) {
  if (!plan.tea_cache.has_value())
    return std::nullopt;
  return TeaCache({.threshold = plan.tea_cache->threshold,
                   .skip_start_steps = plan.tea_cache->skip_start_steps,
                   .skip_end_steps = plan.tea_cache->skip_end_steps,
                   .offload = plan.tea_cache->offload},
                  plan.steps);
}

// `done` of `total` calls of the model; those that were left out are counted from 1.
Progress DenoisingProgress(int done, int total, const std::optional<TeaCache>& cache) {
  Progress progress = {.phase = Phase::kDenoising, .done = done, .total = total, .skipped_steps = {}};
  if (cache.has_value()) {
    for (const int call : cache->skipped())
      progress.skipped_steps.push_back(call + 1);
  }
  return progress;
}

// Absent where it is off.
std::optional<double> EnhanceWeight(const GenerationPlan& plan, int call) {
  if (!plan.enhance.has_value())
    return std::nullopt;
  const bool is_on = call >= plan.enhance->skip_start_steps && call < plan.steps - plan.enhance->skip_end_steps;
  return is_on ? std::optional(plan.enhance->weight) : std::nullopt;
}

// What overflowed in one step is not finite in all later ones: one look at the end is enough, and one wait for the
// device.
absl::Status CheckFinite(const at::Tensor& latents) {
  if (at::isfinite(latents).all().item<bool>())
    return absl::OkStatus();
  return NotFinite("denoising gave latents");
}

}  // namespace

absl::StatusOr<at::Tensor> Denoise(const RuyiModels& models, const GenerationPlan& plan, const Conditions& conditions,
                                   RunContext& run) {
  RUYI_ASSIGN_OR_RETURN(const std::unique_ptr<Sampler> sampler,
                        MakeSampler(plan.sampler, models.sampler, plan.steps, run.noise));
  const LatentShape& shape = plan.latents;
  RUYI_ASSIGN_OR_RETURN(
      const at::Tensor noise,
      run.noise.Normal(NoisePurpose::kInitialLatents, {1, shape.channels, shape.frames, shape.height, shape.width}));
  const c10::ScalarType type = RoundingType(models);
  NoisePredictor predictor({.models = models,
                            .plan = plan,
                            .conditions = conditions,
                            .timesteps = Rounded(at::tensor(sampler->timesteps(), at::kFloat), type),
                            .branches_in_turn = run.branches_in_turn});
  std::optional<TeaCache> cache = CacheOf(plan);
  at::Tensor latents = Rounded(noise.to(models.placement.device) * sampler->initial_noise_scale(), type);
  const int calls = static_cast<int>(sampler->timesteps().size());
  for (int call = 0; call < calls; ++call) {
    run.progress.OnProgress(DenoisingProgress(call, calls, cache));
    RUYI_RETURN_IF_ERROR(run.token.Check());
    RUYI_ASSIGN_OR_RETURN(
        const at::Tensor predictions,
        predictor.Predict(sampler->ScaleInput(latents, call), {.index = call,
                                                               .with_clip = call >= calls * (1 - plan.clip_apply_ratio),
                                                               .enhance_weight = EnhanceWeight(plan, call),
                                                               .cache = cache.has_value() ? &*cache : nullptr}));
    RUYI_ASSIGN_OR_RETURN(latents,
                          sampler->Step(Guide(predictions, plan.guidance_scale, plan.guidance_rescale), call, latents));
    latents = Rounded(latents, type);
    if (run.observer.on_latents)
      run.observer.on_latents(latents);
  }
  run.progress.OnProgress(DenoisingProgress(calls, calls, cache));
  RUYI_RETURN_IF_ERROR(CheckFinite(latents));
  return latents;
}

}  // namespace ruyi
