// Remembers how far the memory peaks of videos went above their predictions. Before it: CostModel::Learn. After it:
// predictions, also those of other cost models that share it: devices that are alike learn from each other.
// Thread-safe.
#pragma once

#include <algorithm>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ruyi {

class PeakLessons {
 public:
  // Returns the factor that predicted peaks, without the weights, are multiplied by; at least 1.
  double raise() const {
    absl::MutexLock lock(&mutex_);
    return raise_;
  }

  // Makes the factor at least `raise` from now on.
  void RaiseTo(double raise) {
    absl::MutexLock lock(&mutex_);
    raise_ = std::max(raise_, raise);
  }

 private:
  mutable absl::Mutex mutex_;
  double raise_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace ruyi
