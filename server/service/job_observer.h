// Who else sees a job's events beside its stream: metrics and the log. Before it: core/worker and core/job. After it:
// server/metrics, server/app. Implementations are thread-safe and must not block.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/job/job_event.h"
#include "core/plan/prediction.h"

namespace ruyi {

// What observers know of a job beside its events.
struct ObservedJob {
  std::string id;
  Prediction prediction;      // for the memory mode that was chosen
  std::string memory_reason;  // why this mode
};

class JobObserver {
 public:
  virtual ~JobObserver() = default;
  virtual void OnJobEvent(const ObservedJob& job, const JobEvent& event) = 0;
};

// Shows each event to the observers, then gives it on. Shares the sink; the observers must outlive it.
class ObservedEvents final : public JobEventSink {
 public:
  ObservedEvents(ObservedJob job, std::vector<JobObserver*> observers, std::shared_ptr<JobEventSink> next)
      : job_(std::move(job)), observers_(std::move(observers)), next_(std::move(next)) {}

  absl::Status OnEvent(JobEvent event) override {
    for (JobObserver* observer : observers_)
      observer->OnJobEvent(job_, event);
    return next_->OnEvent(std::move(event));
  }

 private:
  const ObservedJob job_;
  const std::vector<JobObserver*> observers_;
  const std::shared_ptr<JobEventSink> next_;
};

}  // namespace ruyi
