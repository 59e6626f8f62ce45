// Counts for Prometheus what happens to jobs. Before it: job events, as an observer. After it: the registry that
// /metrics shows. Thread-safe.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstddef>

#include "core/job/job_observer.h"

namespace ruyi {

class JobMetrics final : public JobObserver {
 public:
  // Adds the families of its metrics to `registry`, which must outlive this object.
  explicit JobMetrics(prometheus::Registry& registry);

  void OnJobEvent(const JobRecord& job, const LoggedEvent& event) override;
  void OnRefused(const CallContext& caller, const absl::Status& why) override;

  // To be called when a worker's device broke.
  void OnWorkerLost() { workers_lost_.Increment(); }

  // To be called when the transport has taken bytes of MP4 for a reader.
  void OnBytesSent(size_t bytes) { bytes_.Increment(static_cast<double>(bytes)); }

 private:
  // It has one overload for each kind of event that counts.
  struct Counter;

  void OnAccepted(const JobRecord& job);
  void OnCompleted(const JobRecord& job, const JobCompleted& completed);
  void OnFailed(const absl::Status& status);

  prometheus::Counter& accepted_;
  prometheus::Family<prometheus::Counter>& of_tenants_;
  prometheus::Family<prometheus::Counter>& refused_;
  prometheus::Family<prometheus::Counter>& ended_;
  prometheus::Counter& bytes_;
  prometheus::Histogram& queued_;
  prometheus::Family<prometheus::Histogram>& phases_;
  prometheus::Histogram& predicted_mib_;
  prometheus::Histogram& peak_mib_;
  prometheus::Counter& retries_;
  prometheus::Counter& resumes_;
  prometheus::Counter& reused_;
  prometheus::Counter& workers_lost_;
};

}  // namespace ruyi
