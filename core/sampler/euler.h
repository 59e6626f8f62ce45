// Euler's method along the probability flow. Before it: core/sampler/sampler_config. After it: the denoise loop. Not
// thread-safe; each request has its own. Source: Karras et al. 2022, algorithm 1 without churn; diffusers v0.31.0,
// scheduling_euler_discrete.py.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/sampler/sampler.h"
#include "core/sampler/sampler_config.h"

namespace ruyi {

class EulerSampler final : public Sampler {
 public:
  // Makes a sampler of `steps` model calls. INVALID_ARGUMENT: see CheckSteps, CheckTimesteps.
  static absl::StatusOr<std::unique_ptr<EulerSampler>> Create(const SamplerConfig& config, int steps);

  const std::vector<double>& timesteps() const override { return timesteps_; }
  double initial_noise_scale() const override;
  at::Tensor ScaleInput(const at::Tensor& latents, int call) const override;
  absl::StatusOr<at::Tensor> Step(const at::Tensor& model_output, int call, const at::Tensor& latents) override;

 private:
  EulerSampler(const SamplerConfig& config, std::vector<double> timesteps);

  SamplerConfig config_;
  std::vector<double> timesteps_;
  std::vector<float> sigmas_;  // one more than timesteps; the last is 0
};

// The functions below are shared by Euler's method and its ancestral form.

// Returns the timesteps. INVALID_ARGUMENT: see CheckSteps, CheckTimesteps.
absl::StatusOr<std::vector<double>> EulerTimesteps(const SamplerConfig& config, int steps);

// Returns the factor of the noise at the beginning.
double EulerNoiseScale(const SamplerConfig& config, const std::vector<float>& sigmas);

// Returns the latents scaled to a variance of 1.
at::Tensor ScaleBySigma(const at::Tensor& latents, float sigma);

// Returns dx/dσ, from the model's prediction for `latents` at `sigma`.
at::Tensor EulerDerivative(const at::Tensor& model_output, const at::Tensor& latents, float sigma,
                           PredictionType prediction);

}  // namespace ruyi
