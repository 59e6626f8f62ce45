#include "server/app/telemetry.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/host_name.h"
#include "server/app/log.h"
#include "server/app/version.h"
#include "server/metrics/build_info.h"
#include "server/tracing/call_tracer.h"

namespace ruyi {
namespace {

std::string TracesUrl(const std::string& endpoint) {
  return absl::StrCat(absl::StripSuffix(endpoint, "/"), "/v1/traces");
}

void LogCollector(const absl::Status& status) {
  if (status.ok())
    Log(LogLevel::kInfo, "collector_back");
  else
    Log(LogLevel::kWarning, "collector_away", {{"message", std::string(status.message())}});
}

}  // namespace

Telemetry::Telemetry(Parts parts)
    : clock_(*parts.clock),
      call_metrics_(*registry_, clock_),
      job_metrics_(*registry_),
      work_metrics_(*registry_),
      store_metrics_(*registry_),
      timed_jobs_(*parts.jobs, clock_,
                  [this](std::string_view operation, absl::Duration took) { store_metrics_.OnDone(operation, took); }),
      exporter_(MakeExporter(parts)),
      job_tracer_(exporter_ == nullptr ? nullptr : std::make_unique<JobTracer>(timed_jobs_, *exporter_)),
      jobs_(timed_jobs_, Observers()) {
  AddBuildInfo(*registry_, kVersion, parts.model_name);
}

std::unique_ptr<SpanExporter> Telemetry::MakeExporter(Parts& parts) {
  if (parts.otlp_endpoint.empty() || parts.collector == nullptr)
    return nullptr;
  const SpanResource resource = {.version = kVersion, .instance_id = parts.instance_id, .host = HostName()};
  Log(LogLevel::kInfo, "tracing", {{"instance", resource.instance_id}});
  return std::make_unique<SpanExporter>(*registry_, SpanExporter::Parts{.url = TracesUrl(parts.otlp_endpoint),
                                                                        .resource = resource,
                                                                        .http = std::move(parts.collector),
                                                                        .on_change = &LogCollector});
}

std::vector<JobObserver*> Telemetry::Observers() {
  std::vector<JobObserver*> observers = {&job_metrics_, &work_metrics_, &job_log_};
  if (job_tracer_ != nullptr)
    observers.push_back(job_tracer_.get());
  return observers;
}

Interceptors Telemetry::NewWatches() {
  Interceptors watches;
  watches.push_back(std::make_unique<CallMetrics::Factory>(call_metrics_));
  if (exporter_ != nullptr)
    watches.push_back(std::make_unique<CallTracer>(*exporter_, clock_));
  return watches;
}

void Telemetry::Flush(absl::Duration timeout) {
  if (exporter_ != nullptr)
    exporter_->Flush(timeout);
}

}  // namespace ruyi
