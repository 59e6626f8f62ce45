#include "core/sampler/noise_schedule.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/cumprod.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/rsub.h>

#include <algorithm>
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

std::vector<float> SigmasAt(const NoiseSchedule& schedule, const std::vector<double>& timesteps) {
  const std::vector<float>& alphas = schedule.alphas_cumprod();
  const auto sigma = [&](size_t timestep) {
    return static_cast<double>(std::sqrt((1.0f - alphas[timestep]) / alphas[timestep]));
  };
  std::vector<float> sigmas;
  for (const double timestep : timesteps) {
    const auto before = std::min(static_cast<size_t>(timestep), alphas.size() - 1);
    const size_t after = std::min(before + 1, alphas.size() - 1);
    const double slope = sigma(after) - sigma(before);
    sigmas.push_back(static_cast<float>(slope * (timestep - static_cast<double>(before)) + sigma(before)));
  }
  sigmas.push_back(0.0f);
  return sigmas;
}

}  // namespace ruyi
