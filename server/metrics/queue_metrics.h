// Tells Prometheus, when it asks, how many jobs wait and are being made, what they are predicted to take, whether the
// model is ready, and how much memory a video may take. Before it: core/store, core/intake. After it: /metrics. The
// intake, and what `counts` asks, must outlive it. Thread-safe.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <functional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/intake/job_intake.h"
#include "core/store/job_store.h"

namespace ruyi {

class QueueMetrics final : public prometheus::Collectable {
 public:
  // `counts` asks the store. While it has no answer the gauges of the queue are absent: a zero would tell an autoscaler
  // that there is no work.
  QueueMetrics(std::function<absl::StatusOr<JobCounts>()> counts, const JobIntake& intake, int capacity)
      : counts_(std::move(counts)), intake_(intake), capacity_(capacity) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::function<absl::StatusOr<JobCounts>()> counts_;
  const JobIntake& intake_;
  const int capacity_;
};

}  // namespace ruyi
