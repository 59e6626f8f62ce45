// Writes a log line when a job is accepted, begun anew, completed or has failed. Before it: job events, as an observer.
// Stateless; thread-safe.
#pragma once

#include "server/service/job_observer.h"

namespace ruyi {

class JobLog final : public JobObserver {
 public:
  void OnJobEvent(const ObservedJob& job, const JobEvent& event) override;
};

}  // namespace ruyi
