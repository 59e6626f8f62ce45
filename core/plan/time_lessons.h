// Remembers what the last videos took, measured by predicted seconds, and by what predictions are multiplied for that.
// Before it: CostModel::LearnTime, or what an earlier start has kept (calibration_file.h). After it: predictions, also
// those of other cost models that share it. The factor is the median, so that one video that was held up, by a store
// that was away or by another program, changes little, and three videos that agree are believed. Thread-safe.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ruyi {

class TimeLessons {
 public:
  static constexpr size_t kMostRatios = 5;
  static constexpr double kLeastRatio = 1e-3;
  static constexpr double kMostRatio = 1e3;

  // Counts the calibration as the first video, which took what was predicted.
  TimeLessons() = default;

  // Goes on from `ratios`, oldest first, as if each had been learnt; without any, as above.
  explicit TimeLessons(const std::vector<double>& ratios);

  // Adds the last video. A ratio outside [kLeastRatio, kMostRatio] counts as the nearest of these.
  void Learn(double ratio);

  // Returns the factor that calibrated seconds are multiplied by: the median of ratios(), where they are even the
  // geometric mean of the two in the middle.
  double factor() const;

  // Returns the last ratios, oldest first: at least one and at most kMostRatios.
  std::vector<double> ratios() const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<double> ratios_ ABSL_GUARDED_BY(mutex_) = {1};
};

}  // namespace ruyi
