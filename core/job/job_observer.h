// Is told what happens to jobs: metrics and the server's log are such observers. Before it:
// core/store/observed_job_store.h and core/intake, which call it. Implementations are thread-safe and must not block.
#pragma once

#include "absl/status/status.h"
#include "core/base/call_context.h"
#include "core/job/job_event.h"
#include "core/job/job_record.h"

namespace ruyi {

class JobObserver {
 public:
  virtual ~JobObserver() = default;

  // Is called after `event` was logged; `job` may be further already. The events of one job come in their order.
  virtual void OnJobEvent(const JobRecord& job, const LoggedEvent& event) = 0;

  // Is called when a request of `caller` was refused, and no job was made.
  virtual void OnRefused(const CallContext& caller, const absl::Status& why) = 0;
};

}  // namespace ruyi
