// What Prometheus is told about jobs. Before it: job events, as an observer. After it: the registry that /metrics
// shows. Thread-safe.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "server/service/job_observer.h"

namespace ruyi {

class JobMetrics final : public JobObserver {
 public:
  // Adds its families to `registry`, which must outlive it.
  explicit JobMetrics(prometheus::Registry& registry);

  void OnJobEvent(const ObservedJob& job, const JobEvent& event) override;

  // A worker's device broke.
  void OnWorkerLost() { workers_lost_.Increment(); }

 private:
  void OnCompleted(const ObservedJob& job, const JobCompleted& completed);
  void OnFailed(const absl::Status& status);

  prometheus::Counter& accepted_;
  prometheus::Family<prometheus::Counter>& ended_;
  prometheus::Counter& bytes_;
  prometheus::Histogram& queued_;
  prometheus::Family<prometheus::Histogram>& phases_;
  prometheus::Histogram& predicted_mib_;
  prometheus::Histogram& peak_mib_;
  prometheus::Counter& retries_;
  prometheus::Counter& workers_lost_;
};

}  // namespace ruyi
