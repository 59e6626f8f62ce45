#include "server/metrics/job_metrics.h"

#include <string>
#include <variant>

#include "absl/status/status.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "server/metrics/buckets.h"

namespace ruyi {
namespace {

// Returns buckets in MiB, from a demo model to the largest GPU, at the sizes that GPUs have.
const prometheus::Histogram::BucketBoundaries& Mib() {
  static const auto& boundaries = *new prometheus::Histogram::BucketBoundaries{
      256, 1024, 4096, 6144, 8192, 10240, 12288, 16384, 20480, 24576, 32768, 40960, 49152, 65536, 81920, 147456};
  return boundaries;
}

prometheus::Family<prometheus::Counter>& Counters(prometheus::Registry& registry, const std::string& name,
                                                  const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Family<prometheus::Histogram>& Histograms(prometheus::Registry& registry, const std::string& name,
                                                      const std::string& help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

JobMetrics::JobMetrics(prometheus::Registry& registry)
    : accepted_(Counters(registry, "ruyi_jobs_accepted_total", "Jobs made from valid requests.").Add({})),
      of_tenants_(Counters(registry, "ruyi_tenant_jobs_accepted_total", "The same by tenant.")),
      refused_(Counters(registry, "ruyi_requests_refused_total",
                        "Requests that did not become a job, by gRPC status code and reason.")),
      ended_(Counters(registry, "ruyi_jobs_ended_total", "Jobs that ended, by gRPC status code.")),
      bytes_(Counters(registry, "ruyi_mp4_bytes_total", "Bytes of MP4 that the transport took for readers.").Add({})),
      queued_(Histograms(registry, "ruyi_job_queue_seconds", "From acceptance to the start of the work.")
                  .Add({}, WorkSeconds())),
      phases_(Histograms(registry, "ruyi_job_phase_seconds", "Work on completed jobs, by phase.")),
      predicted_mib_(Histograms(registry, "ruyi_job_predicted_mib",
                                "Memory of the device that completed jobs were predicted to take at their peak.")
                         .Add({}, Mib())),
      peak_mib_(Histograms(registry, "ruyi_job_peak_mib", "The same as measured.").Add({}, Mib())),
      retries_(Counters(registry, "ruyi_job_retries_total", "Jobs begun anew in a smaller memory mode, by reason.")
                   .Add({{"reason", std::string(reason::kGpuOutOfMemory)}})),
      resumes_(Counters(registry, "ruyi_job_resumes_total", "Jobs that went on from a checkpoint.").Add({})),
      reused_(Counters(registry, "ruyi_jobs_reused_total", "Jobs that took the bytes of an equal video.").Add({})),
      workers_lost_(Counters(registry, "ruyi_workers_lost_total", "Workers whose device broke.").Add({})) {}

struct JobMetrics::Counter {
  JobMetrics& metrics;
  const JobRecord& job;

  void operator()(const JobAccepted&) { metrics.OnAccepted(job); }
  void operator()(const JobResumed&) { metrics.resumes_.Increment(); }
  void operator()(const JobRetry&) { metrics.retries_.Increment(); }
  void operator()(const JobCompleted& event) { metrics.OnCompleted(job, event); }
  void operator()(const JobFailed& event) { metrics.OnFailed(event.status); }
  template <typename Event>
  void operator()(const Event&) {}  // nobody counts it
};

void JobMetrics::OnJobEvent(const JobRecord& job, const LoggedEvent& event) {
  std::visit(Counter{*this, job}, event.event);
}

void JobMetrics::OnRefused(const CallContext& /*caller*/, const absl::Status& why) {
  refused_.Add({{"code", absl::StatusCodeToString(why.code())}, {"reason", GetErrorInfo(why).reason}}).Increment();
}

void JobMetrics::OnAccepted(const JobRecord& job) {
  accepted_.Increment();
  of_tenants_.Add({{"tenant", job.ticket.tenant}}).Increment();
}

// A video that was not made again took no time and no memory.
void JobMetrics::OnCompleted(const JobRecord& job, const JobCompleted& completed) {
  ended_.Add({{"code", "OK"}}).Increment();
  if (!completed.result.reused_from.empty())
    return reused_.Increment();
  const VideoUsage& usage = completed.usage;
  queued_.Observe(absl::ToDoubleSeconds(usage.queued));
  const auto observe = [&](const std::string& phase, absl::Duration time) {
    phases_.Add({{"phase", phase}}, WorkSeconds()).Observe(absl::ToDoubleSeconds(time));
  };
  observe("conditioning", usage.conditioning);
  observe("denoising", usage.denoising);
  observe("decoding", usage.decoding);
  predicted_mib_.Observe(static_cast<double>(MibOf(job.placement.prediction.peak_bytes())));
  peak_mib_.Observe(static_cast<double>(MibOf(usage.report.peak_bytes)));
}

void JobMetrics::OnFailed(const absl::Status& status) {
  ended_.Add({{"code", absl::StatusCodeToString(status.code())}}).Increment();
}

}  // namespace ruyi
