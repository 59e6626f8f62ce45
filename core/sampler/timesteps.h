// Chooses the training timesteps that a sampler asks the model about. Before it: core/sampler/sampler_config. After it:
// the samplers. Functions without state; thread-safe. Source: Lin et al. 2023, table 2; the schedulers of diffusers
// v0.31.0.
#pragma once

#include <vector>

namespace ruyi {

// Says how `steps` timesteps are laid over the training timesteps: multiples of a stride from the first on, from the
// first to the last at even distances, or down from the last.
enum class TimestepSpacing { kLeading, kLinspace, kTrailing };

struct TimestepGrid {
  TimestepSpacing spacing = TimestepSpacing::kLeading;
  int train_timesteps = 1000;
  int steps = 0;   // 1 to train_timesteps
  int offset = 0;  // added to leading timesteps
};

// Returns the timesteps in descending order. They are whole numbers but for kLinspace.
std::vector<double> SpacedTimesteps(const TimestepGrid& grid);

// Rounds the timesteps to the nearest whole numbers, halves to even ones.
std::vector<double> Rounded(std::vector<double> timesteps);

}  // namespace ruyi
