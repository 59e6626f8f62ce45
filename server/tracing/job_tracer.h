// Makes the spans of jobs that end. Before it: job events, as an observer. After it: span_exporter.h. Thread-safe.
#pragma once

#include "core/job/job_observer.h"
#include "core/store/job_store.h"
#include "server/tracing/span_exporter.h"

namespace ruyi {

class JobTracer final : public JobObserver {
 public:
  // `jobs`, which has the logs of the jobs, and `exporter` must outlive this object, and `jobs` the exporter too.
  JobTracer(const JobStore& jobs, SpanExporter& exporter) : jobs_(jobs), exporter_(exporter) {}

  void OnJobEvent(const JobRecord& job, const LoggedEvent& event) override;
  void OnRefused(const CallContext& /*caller*/, const absl::Status& /*why*/) override {}

 private:
  const JobStore& jobs_;
  SpanExporter& exporter_;
};

}  // namespace ruyi
