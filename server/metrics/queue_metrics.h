// How many jobs wait and are being made, whether the model is ready, and what memory a video may take, read when
// Prometheus asks. Before it: core/job, server/service. After it: /metrics. The queue and the intake must outlive it.
// Thread-safe.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

#include "core/job/job_queue.h"
#include "server/service/job_intake.h"

namespace ruyi {

class QueueMetrics final : public prometheus::Collectable {
 public:
  QueueMetrics(const JobQueue& queue, const JobIntake& intake) : queue_(queue), intake_(intake) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const JobQueue& queue_;
  const JobIntake& intake_;
};

}  // namespace ruyi
