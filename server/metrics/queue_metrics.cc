#include "server/metrics/queue_metrics.h"

#include <optional>
#include <string>

#include "core/plan/prediction.h"

namespace ruyi {
namespace {

prometheus::MetricFamily Gauge(const std::string& name, const std::string& help, double value) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = prometheus::MetricType::Gauge;
  family.metric.emplace_back();
  family.metric.back().gauge.value = value;
  return family;
}

}  // namespace

std::vector<prometheus::MetricFamily> QueueMetrics::Collect() const {
  std::vector<prometheus::MetricFamily> families = {
      Gauge("ruyi_queue_capacity", "Jobs that may wait.", capacity_),
      Gauge("ruyi_model_ready", "1 while requests are taken: the model is loaded and warm.",
            intake_.Ready().ok() ? 1 : 0)};
  if (const absl::StatusOr<JobCounts> counts = counts_(); counts.ok()) {
    families.push_back(Gauge("ruyi_jobs_waiting", "Jobs in the queue.", counts->waiting));
    families.push_back(Gauge("ruyi_jobs_running", "Jobs being made.", counts->running));
    families.push_back(Gauge("ruyi_jobs_predicted_seconds",
                             "What the jobs that wait or are being made are predicted to take, one after the other.",
                             counts->predicted_seconds));
  }
  if (const std::optional<MemoryBudget> available = intake_.available(); available.has_value()) {
    families.push_back(Gauge("ruyi_vram_available_mib",
                             "The budget of requests now: what each device has for a video, the weights included.",
                             static_cast<double>(MibOf(available->device_bytes))));
    families.push_back(Gauge("ruyi_host_available_mib",
                             "What the host has for a video on one of the devices now, by what it holds already.",
                             static_cast<double>(MibOf(available->host_bytes))));
  }
  return families;
}

}  // namespace ruyi
