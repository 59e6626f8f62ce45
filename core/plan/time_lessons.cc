#include "core/plan/time_lessons.h"

#include <algorithm>
#include <cmath>

namespace ruyi {

TimeLessons::TimeLessons(const std::vector<double>& ratios) {
  if (!ratios.empty())
    ratios_.clear();
  for (const double ratio : ratios)
    Learn(ratio);
}

void TimeLessons::Learn(double ratio) {
  absl::MutexLock lock(&mutex_);
  ratios_.push_back(std::clamp(ratio, kLeastRatio, kMostRatio));
  if (ratios_.size() > kMostRatios)
    ratios_.erase(ratios_.begin());
}

double TimeLessons::factor() const {
  std::vector<double> sorted = ratios();
  std::sort(sorted.begin(), sorted.end());
  const size_t upper = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[upper] : std::sqrt(sorted[upper - 1] * sorted[upper]);
}

std::vector<double> TimeLessons::ratios() const {
  absl::MutexLock lock(&mutex_);
  return ratios_;
}

}  // namespace ruyi
