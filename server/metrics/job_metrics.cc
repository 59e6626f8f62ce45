#include "server/metrics/job_metrics.h"

#include <string>
#include <variant>

#include "absl/status/status.h"
#include "core/base/error_reasons.h"
#include "server/convert/memory_proto.h"

namespace ruyi {
namespace {

// Seconds; from a demo model on a CPU to 120 frames on a small GPU.
const prometheus::Histogram::BucketBoundaries& Seconds() {
  static const auto& boundaries =
      *new prometheus::Histogram::BucketBoundaries{0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600, 1200};
  return boundaries;
}

// MiB; from a demo model to the largest GPU, with the sizes of those there are.
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
      ended_(Counters(registry, "ruyi_jobs_ended_total", "Jobs that ended, by gRPC status code.")),
      bytes_(Counters(registry, "ruyi_mp4_bytes_total", "Bytes of MP4 given to callers.").Add({})),
      queued_(Histograms(registry, "ruyi_job_queue_seconds", "From acceptance to the start of the work.")
                  .Add({}, Seconds())),
      phases_(Histograms(registry, "ruyi_job_phase_seconds", "Work on completed jobs, by phase.")),
      predicted_mib_(Histograms(registry, "ruyi_job_predicted_mib",
                                "Memory of the device that completed jobs were predicted to take at their peak.")
                         .Add({}, Mib())),
      peak_mib_(Histograms(registry, "ruyi_job_peak_mib", "The same as measured.").Add({}, Mib())),
      retries_(Counters(registry, "ruyi_job_retries_total", "Jobs begun anew in a smaller memory mode, by reason.")
                   .Add({{"reason", std::string(reason::kGpuOutOfMemory)}})),
      workers_lost_(Counters(registry, "ruyi_workers_lost_total", "Workers whose device broke.").Add({})) {}

void JobMetrics::OnJobEvent(const ObservedJob& job, const JobEvent& event) {
  if (std::holds_alternative<JobAccepted>(event))
    accepted_.Increment();
  else if (const auto* chunk = std::get_if<JobChunk>(&event))
    bytes_.Increment(static_cast<double>(chunk->data.size()));
  else if (std::holds_alternative<JobRetry>(event))
    retries_.Increment();
  else if (const auto* completed = std::get_if<JobCompleted>(&event))
    OnCompleted(job, *completed);
  else if (const auto* failed = std::get_if<JobFailed>(&event))
    OnFailed(failed->status);
}

void JobMetrics::OnCompleted(const ObservedJob& job, const JobCompleted& completed) {
  ended_.Add({{"code", "OK"}}).Increment();
  queued_.Observe(absl::ToDoubleSeconds(completed.queued));
  const auto observe = [&](const std::string& phase, absl::Duration time) {
    phases_.Add({{"phase", phase}}, Seconds()).Observe(absl::ToDoubleSeconds(time));
  };
  observe("conditioning", completed.conditioning);
  observe("denoising", completed.denoising);
  observe("decoding", completed.decoding);
  predicted_mib_.Observe(static_cast<double>(MibOf(job.prediction.peak_bytes())));
  peak_mib_.Observe(static_cast<double>(MibOf(completed.report.peak_bytes)));
}

void JobMetrics::OnFailed(const absl::Status& status) {
  ended_.Add({{"code", absl::StatusCodeToString(status.code())}}).Increment();
}

}  // namespace ruyi
