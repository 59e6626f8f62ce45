// DPM-Solver++ (2M): takes second-order steps from the last two predictions. Before it: core/sampler/sampler_config.
// After it: the denoise loop. Not thread-safe; each request has its own. Source: Lu et al. 2022 (DPM-Solver++),
// algorithm 2; diffusers v0.31.0, scheduling_dpmsolver_multistep.py.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/sampler/sampler.h"
#include "core/sampler/sampler_config.h"

namespace ruyi {

class DpmMultistepSampler final : public Sampler {
 public:
  // Makes a sampler of `steps` model calls. INVALID_ARGUMENT: see CheckSteps, CheckTimesteps; also for as many steps as
  // there are training timesteps.
  static absl::StatusOr<std::unique_ptr<DpmMultistepSampler>> Create(const SamplerConfig& config, int steps);

  const std::vector<double>& timesteps() const override { return timesteps_; }
  double initial_noise_scale() const override { return 1.0; }
  at::Tensor ScaleInput(const at::Tensor& latents, int call) const override;
  absl::StatusOr<at::Tensor> Step(const at::Tensor& model_output, int call, const at::Tensor& latents) override;
  TensorState Save() const override;
  absl::Status Restore(const TensorState& state, int call, const at::Tensor& latents) override;

 private:
  // Says how much picture and noise the latents hold before a call, and the log of their ratio.
  struct Level {
    float alpha = 0;
    float sigma = 0;
    float lambda = 0;
  };

  DpmMultistepSampler(const SamplerConfig& config, std::vector<double> timesteps);

  Level LevelAt(int call) const;
  at::Tensor Picture(const at::Tensor& model_output, int call, const at::Tensor& latents) const;

  SamplerConfig config_;
  std::vector<double> timesteps_;
  std::vector<float> sigmas_;  // one more than timesteps; the last is 0
  at::Tensor last_picture_;    // predicted by the call before
};

}  // namespace ruyi
