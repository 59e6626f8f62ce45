#include "server/tracing/job_tracer.h"

#include <utility>
#include <vector>

#include "server/tracing/job_spans.h"

namespace ruyi {
namespace {

// Returns the job's log up to its last event, or that event alone where the log is gone or the store is away.
std::vector<LoggedEvent> LogOf(const JobStore& jobs, const std::string& id, const LoggedEvent& last) {
  constexpr int kBatch = 1000;
  std::vector<LoggedEvent> log;
  while (log.empty() || log.back().seq < last.seq) {
    absl::StatusOr<std::vector<LoggedEvent>> events = jobs.Read(id, log.empty() ? 0 : log.back().seq, kBatch);
    if (!events.ok() || events->empty())
      return {last};
    for (LoggedEvent& event : *events)
      log.push_back(std::move(event));
  }
  return log;
}

}  // namespace

void JobTracer::OnJobEvent(const JobRecord& job, const LoggedEvent& event) {
  if (IsLast(event.event))
    exporter_.Export([&jobs = jobs_, job, event] { return SpansOf(job, LogOf(jobs, job.ticket.id, event)); });
}

}  // namespace ruyi
