#include "core/pipeline/ruyi/denoise_loop.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status_macros.h"
#include "core/cache/easy_cache.h"
#include "core/cache/tea_cache.h"
#include "core/pipeline/ruyi/guidance_gate.h"
#include "core/pipeline/ruyi/make_sampler.h"
#include "core/pipeline/ruyi/noise_predictor.h"
#include "core/pipeline/ruyi/not_finite.h"
#include "core/pipeline/ruyi/run_fingerprint.h"

namespace ruyi {
namespace {

// Returns the type that latents and timesteps are rounded to. The reference keeps them in the type of the encoded
// prompts, and its model is asked about timesteps of that type; float32 is float32 throughout.
c10::ScalarType RoundingType(const RuyiModels& models) {
  return models.placement.dtype == at::kFloat ? at::kFloat : models.embeddings.stored_type();
}

at::Tensor Rounded(const at::Tensor& x, c10::ScalarType type) {
  return x.to(type).to(at::kFloat);
}

std::optional<TeaCache> TeaCacheOf(const VideoSpec& spec) {
  if (!spec.tea_cache.has_value())
    return std::nullopt;
  return TeaCache({.threshold = spec.tea_cache->threshold,
                   .skip_start_steps = spec.tea_cache->skip_start_steps,
                   .skip_end_steps = spec.tea_cache->skip_end_steps,
                   .offload = spec.tea_cache->offload},
                  spec.steps);
}

EasyCacheOptions OptionsOf(const EasyCacheSettings& settings) {
  return {.threshold = settings.threshold,
          .skip_start_steps = settings.skip_start_steps,
          .skip_end_steps = settings.skip_end_steps};
}

// Returns the progress after `done` of `total` calls of the model; those that were left out are counted from 1.
Progress DenoisingProgress(int done, int total, const std::vector<int>& skipped) {
  Progress progress = {.phase = Phase::kDenoising, .done = done, .total = total, .skipped_steps = {}};
  for (const int call : skipped)
    progress.skipped_steps.push_back(call + 1);
  return progress;
}

// Returns the weight of Enhance-A-Video; absent where that is off.
std::optional<double> EnhanceWeight(const VideoSpec& spec, int call) {
  if (!spec.enhance.has_value())
    return std::nullopt;
  const bool is_on = call >= spec.enhance->skip_start_steps && call < spec.steps - spec.enhance->skip_end_steps;
  return is_on ? std::optional(spec.enhance->weight) : std::nullopt;
}

// Numbers that overflowed in one step are not finite in any later one, so one look at the end is enough, and one wait
// for the device.
absl::Status CheckFinite(const at::Tensor& latents) {
  if (at::isfinite(latents).all().item<bool>())
    return absl::OkStatus();
  return NotFinite("denoising gave latents");
}

// The loop, and everything that goes from step to step.
class DenoiseLoop {
 public:
  // All arguments must outlive the loop.
  DenoiseLoop(const RuyiModels& models, const VideoSpec& spec, RunContext& run)
      : models_(models), spec_(spec), run_(run), type_(RoundingType(models)), tea_cache_(TeaCacheOf(spec)) {}

  // Sets the state to that before the first call, or to that where `saved` left off.
  absl::Status Begin(const std::optional<SavedRun>& saved) {
    RUYI_ASSIGN_OR_RETURN(sampler_, MakeSampler(spec_.sampler, models_.sampler, spec_.steps, run_.noise));
    calls_ = static_cast<int>(sampler_->timesteps().size());
    gate_.emplace(spec_, calls_);
    if (spec_.easy_cache.has_value())
      easy_cache_.emplace(OptionsOf(*spec_.easy_cache), calls_);
    const LatentShape& shape = spec_.latents;
    RUYI_ASSIGN_OR_RETURN(
        const at::Tensor noise,
        run_.noise.Normal(NoisePurpose::kInitialLatents, {1, shape.channels, shape.frames, shape.height, shape.width}));
    latents_ = Rounded(noise.to(models_.placement.device) * sampler_->initial_noise_scale(), type_);
    return saved.has_value() ? saved->Restore(Parts()) : absl::OkStatus();
  }

  // Makes the calls that are left.
  absl::Status Run(const Conditions& conditions) {
    Report();
    if (call_ == calls_)
      return absl::OkStatus();
    NoisePredictor predictor({.models = models_,
                              .spec = spec_,
                              .conditions = conditions,
                              .timesteps = Rounded(at::tensor(sampler_->timesteps(), at::kFloat), type_),
                              .branches_in_turn = run_.branches_in_turn});
    while (call_ < calls_) {
      RUYI_RETURN_IF_ERROR(run_.control.token.Check());
      RUYI_RETURN_IF_ERROR(Step(predictor));
      Report();
      RUYI_RETURN_IF_ERROR(ShowPreview());
      RUYI_RETURN_IF_ERROR(OfferCheckpoint());
    }
    return absl::OkStatus();
  }

  const at::Tensor& latents() const { return latents_; }

 private:
  RunParts Parts() {
    return {.calls = call_,
            .latents = latents_,
            .sampler = *sampler_,
            .noise = run_.noise,
            .gate = *gate_,
            .tea_cache = tea_cache_.has_value() ? &*tea_cache_ : nullptr,
            .easy_cache = easy_cache_.has_value() ? &*easy_cache_ : nullptr};
  }

  const std::vector<int>& Skipped() const {
    static const auto& none = *new std::vector<int>();
    if (tea_cache_.has_value())
      return tea_cache_->skipped();
    return easy_cache_.has_value() ? easy_cache_->skipped() : none;
  }

  absl::StatusOr<at::Tensor> Call(NoisePredictor& predictor, const at::Tensor& seen) {
    const DitStep step = {.index = call_,
                          .with_clip = call_ >= calls_ * (1 - spec_.clip_apply_ratio),
                          .enhance_weight = EnhanceWeight(spec_, call_),
                          .cache = tea_cache_.has_value() ? &*tea_cache_ : nullptr};
    return gate_->IsClosedAt(call_) ? predictor.PredictWithCondition(seen, step) : predictor.Predict(seen, step);
  }

  absl::StatusOr<at::Tensor> Predictions(NoisePredictor& predictor) {
    const at::Tensor seen = sampler_->ScaleInput(latents_, call_);
    if (!easy_cache_.has_value())
      return Call(predictor, seen);
    if (!easy_cache_->NeedsCall(seen))
      return easy_cache_->Apply();
    RUYI_ASSIGN_OR_RETURN(at::Tensor predictions, Call(predictor, seen));
    easy_cache_->Store(predictions);
    return predictions;
  }

  absl::Status Step(NoisePredictor& predictor) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor predictions, Predictions(predictor));
    RUYI_ASSIGN_OR_RETURN(const at::Tensor next, sampler_->Step(gate_->Guide(predictions, call_), call_, latents_));
    latents_ = Rounded(next, type_);
    ++call_;
    if (run_.observer.on_latents)
      run_.observer.on_latents(latents_);
    return absl::OkStatus();
  }

  void Report() { run_.control.progress.OnProgress(DenoisingProgress(call_, calls_, Skipped())); }

  // Shows the latents as the model sees them next, in whose scale they have the strength of pictures; noise is still in
  // them. No sampler gives its guess of the clean picture away.
  absl::Status ShowPreview() {
    const bool is_due = spec_.preview.has_value() && call_ % spec_.preview->every_steps == 0 && call_ < calls_;
    if (!is_due || run_.preview == nullptr)
      return absl::OkStatus();
    const at::Tensor seen = sampler_->ScaleInput(latents_, call_);
    RUYI_ASSIGN_OR_RETURN(const RgbImage picture, run_.preview->Picture(models_.vae, seen, spec_.preview->width));
    run_.control.progress.OnPreview(call_, picture);
    return absl::OkStatus();
  }

  absl::Status OfferCheckpoint() {
    if (!run_.control.checkpoints.IsWanted())
      return absl::OkStatus();
    std::string state = SaveRun(FingerprintOf(models_, spec_), Parts());
    return run_.control.checkpoints.OnCheckpoint({.step = call_, .state = std::move(state)});
  }

  const RuyiModels& models_;
  const VideoSpec& spec_;
  RunContext& run_;
  const c10::ScalarType type_;  // see RoundingType
  std::optional<TeaCache> tea_cache_;
  std::optional<EasyCache> easy_cache_;  // from Begin on, as all below
  std::optional<GuidanceGate> gate_;
  std::unique_ptr<Sampler> sampler_;
  int call_ = 0;   // the next one
  int calls_ = 0;  // of all steps
  at::Tensor latents_;
};

}  // namespace

absl::StatusOr<at::Tensor> Denoise(const RuyiModels& models, const VideoSpec& spec, const Conditions& conditions,
                                   RunContext& run, std::optional<SavedRun> saved) {
  DenoiseLoop loop(models, spec, run);
  RUYI_RETURN_IF_ERROR(loop.Begin(saved));
  saved.reset();  // frees the host's memory that it holds
  RUYI_RETURN_IF_ERROR(loop.Run(conditions));
  RUYI_RETURN_IF_ERROR(CheckFinite(loop.latents()));
  return loop.latents();
}

}  // namespace ruyi
