// Gives cost models with equal calibrations the same lessons of time: devices that are alike read one calibration from
// the file, and learn from each other. Lessons say what a calibration must be multiplied by, so devices that were
// measured each for itself have lessons of their own. Before it: the pipelines of a server, as they are warmed up.
// After it: CostModel. Thread-safe.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/plan/calibration.h"
#include "core/plan/time_lessons.h"

namespace ruyi {

class SharedTimeLessons {
 public:
  // Returns the lessons of `calibration`. Those that nobody has asked for before begin with `ratios`.
  std::shared_ptr<TimeLessons> Of(const Calibration& calibration, const std::vector<double>& ratios) {
    absl::MutexLock lock(&mutex_);
    const auto found =
        std::find_if(all_.begin(), all_.end(), [&](const auto& known) { return known.first == calibration; });
    if (found != all_.end())
      return found->second;
    return all_.emplace_back(calibration, std::make_shared<TimeLessons>(ratios)).second;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::pair<Calibration, std::shared_ptr<TimeLessons>>> all_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
