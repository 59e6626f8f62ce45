#include "core/sampler/ddim.h"

#include <ATen/TensorOperators.h>

#include <cmath>
#include <utility>

#include "core/base/status_macros.h"

namespace ruyi {

absl::StatusOr<std::unique_ptr<DdimSampler>> DdimSampler::Create(const SamplerConfig& config, int steps) {
  RUYI_RETURN_IF_ERROR(CheckSteps(config, steps));
  std::vector<double> timesteps =
      Rounded(SpacedTimesteps({.spacing = config.spacing.value_or(TimestepSpacing::kLeading),
                               .train_timesteps = config.schedule.train_timesteps,
                               .steps = steps,
                               .offset = config.steps_offset}));
  RUYI_RETURN_IF_ERROR(CheckTimesteps(config, timesteps));
  return std::unique_ptr<DdimSampler>(new DdimSampler(config, std::move(timesteps)));
}

DdimSampler::DdimSampler(const SamplerConfig& config, std::vector<double> timesteps)
    : config_(config), schedule_(config.schedule), timesteps_(std::move(timesteps)) {}

at::Tensor DdimSampler::ScaleInput(const at::Tensor& latents, int /*call*/) const {
  return latents;
}

absl::StatusOr<at::Tensor> DdimSampler::Step(const at::Tensor& model_output, int call, const at::Tensor& latents) {
  const float alpha = schedule_.alphas_cumprod()[static_cast<size_t>(timesteps_[call])];
  const float signal = std::sqrt(alpha);
  const float noise = std::sqrt(1.0f - alpha);
  at::Tensor picture;  // the predicted x₀
  at::Tensor epsilon;  // the predicted noise
  if (config_.prediction == PredictionType::kEpsilon) {
    picture = (latents - model_output * noise) / signal;
    epsilon = model_output;
  } else {
    picture = latents * signal - model_output * noise;
    epsilon = model_output * signal + latents * noise;
  }
  const float alpha_before = AlphaBefore(call);
  return picture * std::sqrt(alpha_before) + epsilon * std::sqrt(1.0f - alpha_before);
}

float DdimSampler::AlphaBefore(int call) const {
  const int64_t stride = config_.schedule.train_timesteps / static_cast<int64_t>(timesteps_.size());
  const int64_t before = static_cast<int64_t>(timesteps_[call]) - stride;
  if (before >= 0)
    return schedule_.alphas_cumprod()[before];
  return config_.set_alpha_to_one.value_or(true) ? 1.0f : schedule_.alphas_cumprod().front();
}

}  // namespace ruyi
