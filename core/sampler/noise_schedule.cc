#include "core/sampler/noise_schedule.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/cumprod.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/rsub.h>

#include <cmath>

namespace ruyi {
namespace {

at::Tensor Betas(const NoiseScheduleConfig& config) {
  if (config.beta_schedule == BetaSchedule::kLinear) {
    return at::linspace(config.beta_start, config.beta_end, config.train_timesteps, at::kFloat);
  }
  return at::linspace(std::sqrt(config.beta_start), std::sqrt(config.beta_end), config.train_timesteps, at::kFloat)
      .pow(2);
}

}  // namespace

NoiseSchedule::NoiseSchedule(const NoiseScheduleConfig& config) {
  const at::Tensor alphas_cumprod = at::cumprod(at::rsub(Betas(config), 1.0), 0).contiguous();
  const float* values = alphas_cumprod.const_data_ptr<float>();
  alphas_cumprod_.assign(values, values + alphas_cumprod.numel());
}

std::vector<int64_t> LeadingTimesteps(int train_timesteps, int steps, int offset) {
  const int64_t stride = train_timesteps / steps;
  std::vector<int64_t> timesteps;
  timesteps.reserve(steps);
  for (int64_t step = steps - 1; step >= 0; --step)
    timesteps.push_back(step * stride + offset);
  return timesteps;
}

}  // namespace ruyi
