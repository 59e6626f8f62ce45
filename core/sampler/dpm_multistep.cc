#include "core/sampler/dpm_multistep.h"

#include <ATen/TensorOperators.h>

#include <cmath>
#include <utility>

#include "core/base/status_macros.h"

namespace ruyi {
namespace {

// The last of one point more, timestep 0 or the offset, is left out; but trailing timesteps never reach it.
std::vector<double> DpmTimesteps(const SamplerConfig& config, int steps) {
  const TimestepSpacing spacing = config.spacing.value_or(TimestepSpacing::kLinspace);
  const bool reaches_end = spacing != TimestepSpacing::kTrailing;
  std::vector<double> timesteps = Rounded(SpacedTimesteps({.spacing = spacing,
                                                           .train_timesteps = config.schedule.train_timesteps,
                                                           .steps = reaches_end ? steps + 1 : steps,
                                                           .offset = config.steps_offset}));
  if (reaches_end)
    timesteps.pop_back();
  return timesteps;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DpmMultistepSampler>> DpmMultistepSampler::Create(const SamplerConfig& config,
                                                                                 int steps) {
  RUYI_RETURN_IF_ERROR(CheckSteps(config, steps));
  RUYI_RETURN_IF_ERROR(CheckSteps(config, steps + 1));
  std::vector<double> timesteps = DpmTimesteps(config, steps);
  RUYI_RETURN_IF_ERROR(CheckTimesteps(config, timesteps));
  return std::unique_ptr<DpmMultistepSampler>(new DpmMultistepSampler(config, std::move(timesteps)));
}

DpmMultistepSampler::DpmMultistepSampler(const SamplerConfig& config, std::vector<double> timesteps)
    : config_(config),
      timesteps_(std::move(timesteps)),
      sigmas_(SigmasAt(NoiseSchedule(config.schedule), timesteps_)) {}

at::Tensor DpmMultistepSampler::ScaleInput(const at::Tensor& latents, int /*call*/) const {
  return latents;
}

DpmMultistepSampler::Level DpmMultistepSampler::LevelAt(int call) const {
  const float ratio = sigmas_[call];
  const float alpha = 1.0f / std::sqrt(ratio * ratio + 1.0f);
  const float sigma = ratio * alpha;
  return {.alpha = alpha, .sigma = sigma, .lambda = std::log(alpha) - std::log(sigma)};
}

at::Tensor DpmMultistepSampler::Picture(const at::Tensor& model_output, int call, const at::Tensor& latents) const {
  const Level level = LevelAt(call);
  if (config_.prediction == PredictionType::kEpsilon)
    return (latents - model_output * level.sigma) / level.alpha;
  return latents * level.alpha - model_output * level.sigma;
}

// The first and the last step are of first order: there is no picture before, or no noise after.
absl::StatusOr<at::Tensor> DpmMultistepSampler::Step(const at::Tensor& model_output, int call,
                                                     const at::Tensor& latents) {
  const at::Tensor picture = Picture(model_output, call, latents);
  const Level now = LevelAt(call);
  const Level next = LevelAt(call + 1);
  const float h = next.lambda - now.lambda;
  const float weight = next.alpha * (std::exp(-h) - 1.0f);
  at::Tensor stepped = latents * (next.sigma / now.sigma) - picture * weight;
  const bool is_last = call + 1 == static_cast<int>(timesteps_.size());
  if (last_picture_.defined() && !is_last) {
    const float ratio = (now.lambda - LevelAt(call - 1).lambda) / h;
    stepped = stepped - (picture - last_picture_) * (1.0f / ratio) * (0.5f * weight);
  }
  last_picture_ = picture;
  return stepped;
}

TensorState DpmMultistepSampler::Save() const {
  TensorState state;
  if (last_picture_.defined())
    state.Put("last_picture", last_picture_);
  return state;
}

absl::Status DpmMultistepSampler::Restore(const TensorState& state, int call, const at::Tensor& latents) {
  RUYI_RETURN_IF_ERROR(state.CheckCount(call == 0 ? 0 : 1));
  at::Tensor last_picture;
  if (call > 0) {
    RUYI_ASSIGN_OR_RETURN(last_picture, state.GetLike("last_picture", latents));
  }
  last_picture_ = last_picture;
  return absl::OkStatus();
}

}  // namespace ruyi
