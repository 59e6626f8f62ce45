// DDIM without added noise (eta = 0). Before it: core/sampler/sampler_config. After it: the denoise loop.
// Not thread-safe; one per request.
// Source: Song et al. 2020, formulas (12) and (16); diffusers v0.31.0, scheduling_ddim.py.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/sampler/sampler.h"
#include "core/sampler/sampler_config.h"

namespace ruyi {

class DdimSampler final : public Sampler {
 public:
  // `steps` model calls. INVALID_ARGUMENT: `steps` is below 1, above the training timesteps, or so large that
  // steps_offset shifts the first timestep beyond them.
  static absl::StatusOr<std::unique_ptr<DdimSampler>> Create(const SamplerConfig& config, int steps);

  const std::vector<int64_t>& timesteps() const override { return timesteps_; }
  double initial_noise_scale() const override { return 1.0; }
  at::Tensor ScaleInput(const at::Tensor& latents, int call) const override;
  at::Tensor Step(const at::Tensor& model_output, int call, const at::Tensor& latents) override;

 private:
  DdimSampler(const SamplerConfig& config, std::vector<int64_t> timesteps);

  float AlphaBefore(int call) const;

  SamplerConfig config_;
  NoiseSchedule schedule_;
  std::vector<int64_t> timesteps_;
};

}  // namespace ruyi
