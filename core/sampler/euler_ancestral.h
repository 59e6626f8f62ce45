// Euler's method with fresh noise after each step. Before it: core/sampler/sampler_config. After it: the denoise loop.
// Not thread-safe; each request has its own. Source: Katherine Crowson's k-diffusion; diffusers v0.31.0,
// scheduling_euler_ancestral_discrete.py.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/sampler/sampler.h"
#include "core/sampler/sampler_config.h"
#include "core/tensor/noise_source.h"

namespace ruyi {

class EulerAncestralSampler final : public Sampler {
 public:
  // Makes a sampler of `steps` model calls, with step noise from `noise`, which must outlive the sampler.
  // INVALID_ARGUMENT: see CheckSteps, CheckTimesteps.
  static absl::StatusOr<std::unique_ptr<EulerAncestralSampler>> Create(const SamplerConfig& config, int steps,
                                                                       NoiseSource& noise);

  const std::vector<double>& timesteps() const override { return timesteps_; }
  double initial_noise_scale() const override;
  at::Tensor ScaleInput(const at::Tensor& latents, int call) const override;
  absl::StatusOr<at::Tensor> Step(const at::Tensor& model_output, int call, const at::Tensor& latents) override;

 private:
  EulerAncestralSampler(const SamplerConfig& config, std::vector<double> timesteps, NoiseSource& noise);

  SamplerConfig config_;
  std::vector<double> timesteps_;
  std::vector<float> sigmas_;  // one more than timesteps; the last is 0
  NoiseSource& noise_;
};

}  // namespace ruyi
