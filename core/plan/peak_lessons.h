// What videos have taught of the peaks that were predicted for them. Before it: CostModel::Learn. After it:
// predictions, also those of other cost models that share it: devices that are alike learn from each other.
// Thread-safe.
#pragma once

#include <algorithm>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ruyi {

class PeakLessons {
 public:
  // What predicted peaks are multiplied by, beside the weights; at least 1.
  double raise() const {
    absl::MutexLock lock(&mutex_);
    return raise_;
  }

  // From now on at least `raise`.
  void RaiseTo(double raise) {
    absl::MutexLock lock(&mutex_);
    raise_ = std::max(raise_, raise);
  }

 private:
  mutable absl::Mutex mutex_;
  double raise_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace ruyi
