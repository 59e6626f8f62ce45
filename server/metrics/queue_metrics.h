// Tells Prometheus, when it asks, how many jobs wait and are being made, whether the model is ready, and how much
// memory a video may take. Before it: core/store, core/intake. After it: /metrics. The store and the intake must
// outlive it. Thread-safe.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

#include "core/intake/job_intake.h"
#include "core/store/job_store.h"

namespace ruyi {

class QueueMetrics final : public prometheus::Collectable {
 public:
  QueueMetrics(const JobStore& jobs, const JobIntake& intake, int capacity)
      : jobs_(jobs), intake_(intake), capacity_(capacity) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const JobStore& jobs_;
  const JobIntake& intake_;
  const int capacity_;
};

}  // namespace ruyi
