#include "core/sampler/euler_ancestral.h"

#include <ATen/TensorOperators.h>

#include <cmath>
#include <utility>

#include "core/base/status_macros.h"
#include "core/sampler/euler.h"

namespace ruyi {

absl::StatusOr<std::unique_ptr<EulerAncestralSampler>> EulerAncestralSampler::Create(const SamplerConfig& config,
                                                                                     int steps, NoiseSource& noise) {
  RUYI_ASSIGN_OR_RETURN(std::vector<double> timesteps, EulerTimesteps(config, steps));
  return std::unique_ptr<EulerAncestralSampler>(new EulerAncestralSampler(config, std::move(timesteps), noise));
}

EulerAncestralSampler::EulerAncestralSampler(const SamplerConfig& config, std::vector<double> timesteps,
                                             NoiseSource& noise)
    : config_(config),
      timesteps_(std::move(timesteps)),
      sigmas_(SigmasAt(NoiseSchedule(config.schedule), timesteps_)),
      noise_(noise) {}

double EulerAncestralSampler::initial_noise_scale() const {
  return EulerNoiseScale(config_, sigmas_);
}

at::Tensor EulerAncestralSampler::ScaleInput(const at::Tensor& latents, int call) const {
  return ScaleBySigma(latents, sigmas_[call]);
}

// Goes down to less noise than the next step wants, and adds the rest anew.
absl::StatusOr<at::Tensor> EulerAncestralSampler::Step(const at::Tensor& model_output, int call,
                                                       const at::Tensor& latents) {
  const float from = sigmas_[call];
  const float to = sigmas_[call + 1];
  const float up = std::sqrt(to * to * (from * from - to * to) / (from * from));
  const float down = std::sqrt(to * to - up * up);
  RUYI_ASSIGN_OR_RETURN(const at::Tensor fresh, noise_.Normal(NoisePurpose::kStepNoise, latents.sizes()));
  const at::Tensor derivative = EulerDerivative(model_output, latents, from, config_.prediction);
  const at::Tensor there = fresh.to(latents.device(), /*non_blocking=*/true);
  return latents + derivative * (down - from) + there * up;
}

}  // namespace ruyi
