// Computes how much of the picture is left at each training timestep. Before it: core/sampler/sampler_config. After it:
// the samplers. Immutable; thread-safe. Source: Ho et al. 2020 (DDPM); float32 sums in the order of diffusers v0.31.0,
// so that results agree to rounding.
#pragma once

#include <vector>

namespace ruyi {

// Says whether the betas rise linearly or their square roots do.
enum class BetaSchedule { kLinear, kScaledLinear };

struct NoiseScheduleConfig {
  int train_timesteps = 1000;
  double beta_start = 0.0001;
  double beta_end = 0.02;
  BetaSchedule beta_schedule = BetaSchedule::kLinear;
};

class NoiseSchedule {
 public:
  explicit NoiseSchedule(const NoiseScheduleConfig& config);

  // Returns ᾱ_t = Π (1 − β_s) for s = 0..t, one number per training timestep.
  const std::vector<float>& alphas_cumprod() const { return alphas_cumprod_; }

 private:
  std::vector<float> alphas_cumprod_;
};

// Returns σ = sqrt((1 − ᾱ) / ᾱ), the noise beside a picture of strength 1, at each of `timesteps`, which may lie
// between two training timesteps, and 0 after the last.
std::vector<float> SigmasAt(const NoiseSchedule& schedule, const std::vector<double>& timesteps);

}  // namespace ruyi
