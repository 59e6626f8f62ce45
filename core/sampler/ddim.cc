#include "core/sampler/ddim.h"

#include <ATen/TensorOperators.h>

#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"

namespace ruyi {

absl::StatusOr<std::unique_ptr<DdimSampler>> DdimSampler::Create(const SamplerConfig& config, int steps) {
  const int train_timesteps = config.schedule.train_timesteps;
  if (steps < 1 || steps > train_timesteps) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d steps: a model trained with %d timesteps takes 1 to as many", steps, train_timesteps));
  }
  std::vector<int64_t> timesteps = LeadingTimesteps(train_timesteps, steps, config.steps_offset);
  if (timesteps.front() >= train_timesteps) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d steps with steps_offset %d begin at timestep %d, but the model knows %d; take fewer steps",
                        steps, config.steps_offset, timesteps.front(), train_timesteps));
  }
  return std::unique_ptr<DdimSampler>(new DdimSampler(config, std::move(timesteps)));
}

DdimSampler::DdimSampler(const SamplerConfig& config, std::vector<int64_t> timesteps)
    : config_(config), schedule_(config.schedule), timesteps_(std::move(timesteps)) {}

at::Tensor DdimSampler::ScaleInput(const at::Tensor& latents, int /*call*/) const {
  return latents;
}

at::Tensor DdimSampler::Step(const at::Tensor& model_output, int call, const at::Tensor& latents) {
  const float alpha = schedule_.alphas_cumprod()[timesteps_[call]];
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
  const int64_t before = timesteps_[call] - stride;
  if (before >= 0)
    return schedule_.alphas_cumprod()[before];
  return config_.set_alpha_to_one ? 1.0f : schedule_.alphas_cumprod().front();
}

}  // namespace ruyi
