#include "core/sampler/euler.h"

#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/status_macros.h"

namespace ruyi {
namespace {

TimestepSpacing SpacingOf(const SamplerConfig& config) {
  return config.spacing.value_or(TimestepSpacing::kLinspace);
}

// The predicted picture.
at::Tensor Picture(const at::Tensor& model_output, const at::Tensor& latents, float sigma, PredictionType prediction) {
  if (prediction == PredictionType::kEpsilon)
    return latents - model_output * sigma;
  const float variance = sigma * sigma + 1.0f;
  return model_output * (-sigma / std::sqrt(variance)) + latents / variance;
}

}  // namespace

absl::StatusOr<std::vector<double>> EulerTimesteps(const SamplerConfig& config, int steps) {
  RUYI_RETURN_IF_ERROR(CheckSteps(config, steps));
  std::vector<double> timesteps = SpacedTimesteps({.spacing = SpacingOf(config),
                                                   .train_timesteps = config.schedule.train_timesteps,
                                                   .steps = steps,
                                                   .offset = config.steps_offset});
  // The reference holds them in float32.
  std::transform(timesteps.begin(), timesteps.end(), timesteps.begin(), [](double t) { return static_cast<float>(t); });
  RUYI_RETURN_IF_ERROR(CheckTimesteps(config, timesteps));
  return timesteps;
}

double EulerNoiseScale(const SamplerConfig& config, const std::vector<float>& sigmas) {
  const float most = *std::max_element(sigmas.begin(), sigmas.end());
  return SpacingOf(config) == TimestepSpacing::kLeading ? std::sqrt(most * most + 1.0f) : most;
}

at::Tensor ScaleBySigma(const at::Tensor& latents, float sigma) {
  return latents / std::sqrt(sigma * sigma + 1.0f);
}

at::Tensor EulerDerivative(const at::Tensor& model_output, const at::Tensor& latents, float sigma,
                           PredictionType prediction) {
  return (latents - Picture(model_output, latents, sigma, prediction)) / sigma;
}

absl::StatusOr<std::unique_ptr<EulerSampler>> EulerSampler::Create(const SamplerConfig& config, int steps) {
  RUYI_ASSIGN_OR_RETURN(std::vector<double> timesteps, EulerTimesteps(config, steps));
  return std::unique_ptr<EulerSampler>(new EulerSampler(config, std::move(timesteps)));
}

EulerSampler::EulerSampler(const SamplerConfig& config, std::vector<double> timesteps)
    : config_(config),
      timesteps_(std::move(timesteps)),
      sigmas_(SigmasAt(NoiseSchedule(config.schedule), timesteps_)) {}

double EulerSampler::initial_noise_scale() const {
  return EulerNoiseScale(config_, sigmas_);
}

at::Tensor EulerSampler::ScaleInput(const at::Tensor& latents, int call) const {
  return ScaleBySigma(latents, sigmas_[call]);
}

absl::StatusOr<at::Tensor> EulerSampler::Step(const at::Tensor& model_output, int call, const at::Tensor& latents) {
  const float sigma = sigmas_[call];
  return latents + EulerDerivative(model_output, latents, sigma, config_.prediction) * (sigmas_[call + 1] - sigma);
}

}  // namespace ruyi
