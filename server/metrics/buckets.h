// Holds the buckets that histograms share. Values.
#pragma once

#include <prometheus/histogram.h>

namespace ruyi {

// Returns buckets in seconds for what somebody waits for: from a look at memory to a call that hangs.
inline const prometheus::Histogram::BucketBoundaries& WaitSeconds() {
  static const auto& boundaries =
      *new prometheus::Histogram::BucketBoundaries{0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 120, 300};
  return boundaries;
}

// Returns buckets in seconds for the work on videos: from a demo model on a CPU to an hour.
inline const prometheus::Histogram::BucketBoundaries& WorkSeconds() {
  static const auto& boundaries =
      *new prometheus::Histogram::BucketBoundaries{0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600, 1200, 3600};
  return boundaries;
}

}  // namespace ruyi
