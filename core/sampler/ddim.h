// DDIM without added noise (eta = 0). Before it: core/sampler/sampler_config. After it: the denoise loop. Not
// thread-safe; each request has its own. Source: Song et al. 2020, formulas (12) and (16); diffusers v0.31.0,
// scheduling_ddim.py.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/sampler/sampler.h"
#include "core/sampler/sampler_config.h"

namespace ruyi {

class DdimSampler final : public Sampler {
 public:
  // Makes a sampler of `steps` model calls. INVALID_ARGUMENT: see CheckTimesteps.
  static absl::StatusOr<std::unique_ptr<DdimSampler>> Create(const SamplerConfig& config, int steps);

  const std::vector<double>& timesteps() const override { return timesteps_; }
  double initial_noise_scale() const override { return 1.0; }
  at::Tensor ScaleInput(const at::Tensor& latents, int call) const override;
  absl::StatusOr<at::Tensor> Step(const at::Tensor& model_output, int call, const at::Tensor& latents) override;

 private:
  DdimSampler(const SamplerConfig& config, std::vector<double> timesteps);

  float AlphaBefore(int call) const;

  SamplerConfig config_;
  NoiseSchedule schedule_;
  std::vector<double> timesteps_;
};

}  // namespace ruyi
