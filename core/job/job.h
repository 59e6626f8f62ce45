// One video to be made: the plan, the way to cancel it, and where its events go. Before it: core/plan. After it:
// core/job/job_queue and core/worker. Shared by the call that made it and the worker; thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "core/base/cancellation.h"
#include "core/job/job_event.h"
#include "core/plan/generation_plan.h"

namespace ruyi {

struct Job {
  const std::string id;
  const GenerationPlan plan;
  const absl::Time accepted_at;
  CancellationSource cancellation;
  const std::shared_ptr<JobEventSink> events;
};

}  // namespace ruyi
