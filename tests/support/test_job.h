// A job without a call behind it. After it: core/job/job_queue or core/worker. Thread-safe.
#pragma once

#include <memory>
#include <utility>

#include "core/base/clock.h"
#include "core/job/job.h"
#include "tests/support/test_plan.h"

namespace ruyi {

// Accepted now and without a deadline. `clock` must outlive the job.
inline std::shared_ptr<Job> TestJob(std::shared_ptr<JobEventSink> events, const Clock& clock,
                                    GenerationPlan plan = TestPlan()) {
  return std::make_shared<Job>(Job{.id = "job",
                                   .plan = std::move(plan),
                                   .accepted_at = clock.Now(),
                                   .cancellation = CancellationSource(absl::InfiniteFuture(), clock),
                                   .events = std::move(events)});
}

}  // namespace ruyi
