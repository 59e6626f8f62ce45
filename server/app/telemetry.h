// Everything that tells people outside how the server does: metrics, the log of jobs, and traces. It watches the store
// of jobs, whose place it takes for everybody else, and the calls of gRPC servers. Before it: server.h. After it: the
// registry that /metrics shows, the log, and the collector of traces. Thread-safe.
#pragma once

#include <prometheus/registry.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/http/http_client.h"
#include "core/store/observed_job_store.h"
#include "core/store/timed_job_store.h"
#include "server/app/grpc_plugins.h"
#include "server/app/job_log.h"
#include "server/metrics/call_metrics.h"
#include "server/metrics/job_metrics.h"
#include "server/metrics/store_metrics.h"
#include "server/metrics/work_metrics.h"
#include "server/tracing/job_tracer.h"
#include "server/tracing/span_exporter.h"

namespace ruyi {

class Telemetry {
 public:
  struct Parts {
    std::string model_name;
    std::string otlp_endpoint;              // URL of the collector of traces, without /v1/traces, or empty
    std::string instance_id;                // of this process, in its traces
    std::unique_ptr<HttpClient> collector;  // none: traces are not sent
    JobStore* jobs = nullptr;               // both must outlive this object
    const Clock* clock = nullptr;
  };
  explicit Telemetry(Parts parts);

  // Returns the store of jobs, watched.
  JobStore& jobs() { return jobs_; }

  std::shared_ptr<prometheus::Registry> registry() const { return registry_; }

  // Returns those who want to hear of requests that were refused.
  std::vector<JobObserver*> intake_observers() { return {&job_metrics_, &job_log_}; }

  // Returns what counts and traces the calls of a gRPC server. This object must outlive that.
  Interceptors NewWatches();

  void OnBytesSent(size_t bytes) { job_metrics_.OnBytesSent(bytes); }
  void OnCheckpoint(const CheckpointCost& cost) { work_metrics_.OnCheckpoint(cost); }
  void OnWorkerLost() { job_metrics_.OnWorkerLost(); }

  // Sends the traces that wait. Blocks for that, `timeout` at most.
  void Flush(absl::Duration timeout);

 private:
  std::unique_ptr<SpanExporter> MakeExporter(Parts& parts);
  std::vector<JobObserver*> Observers();

  const Clock& clock_;
  const std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  CallMetrics call_metrics_;
  JobMetrics job_metrics_;
  WorkMetrics work_metrics_;
  StoreMetrics store_metrics_;
  JobLog job_log_;
  TimedJobStore timed_jobs_;
  const std::unique_ptr<SpanExporter> exporter_;  // none, and no tracer: nobody collects traces
  const std::unique_ptr<JobTracer> job_tracer_;
  ObservedJobStore jobs_;
};

}  // namespace ruyi
