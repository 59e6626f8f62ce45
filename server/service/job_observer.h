// Who else sees a job's events beside its stream: metrics and the log. Before it: core/worker and core/job. After it:
// server/metrics, server/app. Implementations are thread-safe and must not block.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/job/job_event.h"

namespace ruyi {

class JobObserver {
 public:
  virtual ~JobObserver() = default;
  virtual void OnJobEvent(std::string_view job_id, const JobEvent& event) = 0;
};

// Shows each event to the observers, then gives it on. Shares the sink; the observers must outlive it.
class ObservedEvents final : public JobEventSink {
 public:
  ObservedEvents(std::string job_id, std::vector<JobObserver*> observers, std::shared_ptr<JobEventSink> next)
      : job_id_(std::move(job_id)), observers_(std::move(observers)), next_(std::move(next)) {}

  absl::Status OnEvent(JobEvent event) override {
    for (JobObserver* observer : observers_)
      observer->OnJobEvent(job_id_, event);
    return next_->OnEvent(std::move(event));
  }

 private:
  const std::string job_id_;
  const std::vector<JobObserver*> observers_;
  const std::shared_ptr<JobEventSink> next_;
};

}  // namespace ruyi
