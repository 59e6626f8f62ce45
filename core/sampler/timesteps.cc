#include "core/sampler/timesteps.h"

#include <algorithm>
#include <cmath>

namespace ruyi {
namespace {

std::vector<double> Leading(const TimestepGrid& grid) {
  const int stride = grid.train_timesteps / grid.steps;
  std::vector<double> timesteps;
  for (int step = grid.steps - 1; step >= 0; --step)
    timesteps.push_back(step * stride + grid.offset);
  return timesteps;
}

std::vector<double> Linspace(const TimestepGrid& grid) {
  const double stride = grid.steps == 1 ? 0.0 : (grid.train_timesteps - 1.0) / (grid.steps - 1);
  std::vector<double> timesteps;
  for (int step = grid.steps - 1; step >= 0; --step)
    timesteps.push_back(step == grid.steps - 1 && step > 0 ? grid.train_timesteps - 1.0 : step * stride);
  return timesteps;
}

std::vector<double> Trailing(const TimestepGrid& grid) {
  const double stride = static_cast<double>(grid.train_timesteps) / grid.steps;
  const auto count = static_cast<int>(std::ceil(grid.train_timesteps / stride));  // steps, but for rounding
  std::vector<double> timesteps;
  for (int step = 0; step < count; ++step)
    timesteps.push_back(std::nearbyint(grid.train_timesteps - step * stride) - 1);
  return timesteps;
}

}  // namespace

std::vector<double> SpacedTimesteps(const TimestepGrid& grid) {
  switch (grid.spacing) {
    case TimestepSpacing::kLinspace:
      return Linspace(grid);
    case TimestepSpacing::kTrailing:
      return Trailing(grid);
    case TimestepSpacing::kLeading:
      break;
  }
  return Leading(grid);
}

std::vector<double> Rounded(std::vector<double> timesteps) {
  std::transform(timesteps.begin(), timesteps.end(), timesteps.begin(), [](double t) { return std::nearbyint(t); });
  return timesteps;
}

}  // namespace ruyi
