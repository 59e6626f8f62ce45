// Reads from a job's log what the job and its phases took, as spans: one for its whole life, over all processes that
// worked on it, and below it one for each wait and each phase. Before it: core/job. After it: job_tracer.h. A function
// without state; thread-safe.
#pragma once

#include <vector>

#include "core/job/job_event.h"
#include "core/job/job_record.h"
#include "server/tracing/span.h"

namespace ruyi {

// Returns the spans of a job that has ended, from its whole log, which may be empty but for the last event. They lie
// below the span that the ticket's traceparent names, or else begin a trace of their own. Their ids follow from the
// job's: whoever asks gets the same. Empty where the trace is not sampled.
std::vector<Span> SpansOf(const JobRecord& job, const std::vector<LoggedEvent>& log);

}  // namespace ruyi
