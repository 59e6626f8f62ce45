// Writes a log line when a job is accepted, completed or has failed. Before it: job events, as an observer. Stateless;
// thread-safe.
#pragma once

#include <string_view>

#include "server/service/job_observer.h"

namespace ruyi {

class JobLog final : public JobObserver {
 public:
  void OnJobEvent(std::string_view job_id, const JobEvent& event) override;
};

}  // namespace ruyi
