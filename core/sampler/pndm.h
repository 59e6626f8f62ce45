// Pseudo numerical methods (PNDM): begins with four Runge-Kutta steps of three more calls each, then uses a linear
// multistep method of fourth order. Before it: core/sampler/sampler_config. After it: the denoise loop. Not
// thread-safe; each request has its own. Source: Liu et al. 2022 (PNDM), formulas (9), (12), (13); diffusers v0.31.0,
// scheduling_pndm.py.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/sampler/sampler.h"
#include "core/sampler/sampler_config.h"

namespace ruyi {

class PndmSampler final : public Sampler {
 public:
  static constexpr int kMinSteps = 4;

  // Makes a sampler of `steps` steps, which take 9 calls more. INVALID_ARGUMENT: fewer than kMinSteps; see also
  // CheckSteps, CheckTimesteps.
  static absl::StatusOr<std::unique_ptr<PndmSampler>> Create(const SamplerConfig& config, int steps);

  const std::vector<double>& timesteps() const override { return timesteps_; }
  double initial_noise_scale() const override { return 1.0; }
  at::Tensor ScaleInput(const at::Tensor& latents, int call) const override;
  absl::StatusOr<at::Tensor> Step(const at::Tensor& model_output, int call, const at::Tensor& latents) override;
  TensorState Save() const override;
  absl::Status Restore(const TensorState& state, int call, const at::Tensor& latents) override;

 private:
  PndmSampler(const SamplerConfig& config, int stride, std::vector<double> timesteps);

  at::Tensor RungeKuttaStep(const at::Tensor& model_output, int call, const at::Tensor& latents);
  at::Tensor MultistepStep(const at::Tensor& model_output, int call, const at::Tensor& latents);
  at::Tensor Transfer(const at::Tensor& latents, const at::Tensor& model_output, int64_t from, int64_t to) const;
  float AlphaAt(int64_t timestep) const;

  SamplerConfig config_;
  NoiseSchedule schedule_;
  int stride_;  // training timesteps between two steps
  std::vector<double> timesteps_;
  at::Tensor start_;                // latents at the beginning of a Runge-Kutta step, until its end
  at::Tensor sum_;                  // weighted answers of the step so far
  std::deque<at::Tensor> answers_;  // the last four that count
};

}  // namespace ruyi
