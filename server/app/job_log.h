// Writes what happens to jobs into the log. Before it: job events, as an observer. After it: log.h. Stateless;
// thread-safe.
#pragma once

#include "core/job/job_observer.h"

namespace ruyi {

class JobLog final : public JobObserver {
 public:
  void OnJobEvent(const JobRecord& job, const LoggedEvent& event) override;
  void OnRefused(const CallContext& caller, const absl::Status& why) override;
};

}  // namespace ruyi
