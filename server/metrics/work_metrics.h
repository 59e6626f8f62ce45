// Counts for Prometheus how well the work on videos goes: steps by the video's shape, memory modes, what was predicted
// against what it took, cancels and checkpoints. Before it: job events, as an observer, and core/worker. After it: the
// registry that /metrics shows. Thread-safe.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstddef>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/job/job_observer.h"
#include "core/worker/job_run.h"

namespace ruyi {

class WorkMetrics final : public JobObserver {
 public:
  // Adds the families of its metrics to `registry`, which must outlive this object.
  explicit WorkMetrics(prometheus::Registry& registry);

  void OnJobEvent(const JobRecord& job, const LoggedEvent& event) override;
  void OnRefused(const CallContext& /*caller*/, const absl::Status& /*why*/) override {}

  // To be called when a checkpoint was kept.
  void OnCheckpoint(const CheckpointCost& cost);

  // The number of cancels whose ends are waited for; with more, the oldest are not measured. Servers that share a
  // store hear of cancels whose ends they never hear of.
  static constexpr size_t kMostCancels = 1024;

 private:
  // It has one overload for each kind of event that counts.
  struct Counter;

  void OnStep(const VideoSpec& spec, const JobProgress& progress);
  void OnCancelling(const std::string& id, absl::Time time);
  void OnEnd(const std::string& id, absl::Time time);
  void OnCompleted(const JobRecord& job, const JobCompleted& completed);

  prometheus::Family<prometheus::Histogram>& step_seconds_;
  prometheus::Family<prometheus::Counter>& modes_;
  prometheus::Histogram& memory_ratio_;
  prometheus::Histogram& time_ratio_;
  prometheus::Histogram& cancel_seconds_;
  prometheus::Histogram& checkpoint_seconds_;
  prometheus::Histogram& checkpoint_bytes_;

  absl::Mutex mutex_;
  std::map<std::string, absl::Time> cancels_ ABSL_GUARDED_BY(mutex_);  // when each was asked for, by job
};

}  // namespace ruyi
