#include "server/metrics/work_metrics.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/metrics/buckets.h"

namespace ruyi {
namespace {

using Boundaries = prometheus::Histogram::BucketBoundaries;

prometheus::Histogram& AddHistogram(prometheus::Registry& registry, const std::string& name, const std::string& help,
                                    const Boundaries& boundaries) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, boundaries);
}

// Of what was measured to what was predicted.
Boundaries Ratios() {
  return {0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.25, 1.5, 2, 4};
}

Boundaries Bytes() {
  constexpr double kMib = 1 << 20;
  return {kMib / 16, kMib / 4, kMib, 4 * kMib, 16 * kMib, 64 * kMib, 256 * kMib, 1024 * kMib};
}

// Returns the first of `classes` that `value` does not exceed, or "more".
template <typename Classes>
std::string ClassOf(double value, const Classes& classes) {
  const auto found = std::find_if(std::begin(classes), std::end(classes), [&](int limit) { return value <= limit; });
  return found == std::end(classes) ? "more" : absl::StrCat(*found);
}

// Sizes differ by a few pixels from the square of about as many, and a square's class is the one that it was named by.
prometheus::Labels ShapeOf(const VideoSpec& spec) {
  constexpr int kSides[] = {256, 384, 512, 768, 1024};
  constexpr int kFrames[] = {24, 48, 72, 96, 120};
  constexpr double kTolerance = 1.1;
  std::string side = "more";
  for (const int limit : kSides) {
    if (side == "more" && 1.0 * spec.size.width * spec.size.height <= kTolerance * limit * limit)
      side = absl::StrCat(limit);
  }
  return {{"side", side}, {"frames", ClassOf(spec.frame_count, kFrames)}};
}

prometheus::Labels LabelsOf(const MemoryMode& mode) {
  constexpr int kBlocks[] = {0, 10, 20, 30, 40};
  return {{"blocks", ClassOf(mode.resident_blocks, kBlocks)},
          {"branches", mode.branches_in_turn ? "in_turn" : "together"},
          {"autoencoder", mode.autoencoder_in_slabs ? "slabs" : "whole"}};
}

}  // namespace

WorkMetrics::WorkMetrics(prometheus::Registry& registry)
    : step_seconds_(prometheus::BuildHistogram()
                        .Name("ruyi_step_seconds")
                        .Help("Mean time of a video's denoising steps, by the size that it has at most.")
                        .Register(registry)),
      modes_(prometheus::BuildCounter()
                 .Name("ruyi_job_modes_total")
                 .Help("Completed jobs by memory mode; blocks: at most so many of the transformer stayed.")
                 .Register(registry)),
      memory_ratio_(AddHistogram(registry, "ruyi_job_memory_ratio",
                                 "Peak memory of completed jobs, measured by predicted.", Ratios())),
      time_ratio_(AddHistogram(registry, "ruyi_job_time_ratio",
                               "Work on completed jobs that one attempt made, measured by predicted.", Ratios())),
      cancel_seconds_(AddHistogram(registry, "ruyi_job_cancel_seconds",
                                   "From the cancel of a job that is being made to its end.", WaitSeconds())),
      checkpoint_seconds_(AddHistogram(registry, "ruyi_checkpoint_seconds",
                                       "Time for which a device waited while a checkpoint was kept.", WaitSeconds())),
      checkpoint_bytes_(AddHistogram(registry, "ruyi_checkpoint_bytes", "Sizes of checkpoints.", Bytes())) {}

struct WorkMetrics::Counter {
  WorkMetrics& metrics;
  const JobRecord& job;
  absl::Time time;

  void operator()(const JobProgress& event) { metrics.OnStep(job.spec, event); }
  void operator()(const JobCancelling&) { metrics.OnCancelling(job.ticket.id, time); }
  void operator()(const JobCompleted& event) {
    metrics.OnEnd(job.ticket.id, time);
    metrics.OnCompleted(job, event);
  }
  void operator()(const JobFailed&) { metrics.OnEnd(job.ticket.id, time); }
  template <typename Event>
  void operator()(const Event&) {}  // nobody counts it
};

void WorkMetrics::OnJobEvent(const JobRecord& job, const LoggedEvent& event) {
  std::visit(Counter{*this, job, event.time}, event.event);
}

// The last report of the phase has the mean of all steps.
void WorkMetrics::OnStep(const VideoSpec& spec, const JobProgress& progress) {
  const bool is_last = progress.progress.done == progress.progress.total;
  if (progress.progress.phase == Phase::kDenoising && is_last && progress.per_unit.has_value())
    step_seconds_.Add(ShapeOf(spec), WorkSeconds()).Observe(absl::ToDoubleSeconds(*progress.per_unit));
}

void WorkMetrics::OnCancelling(const std::string& id, absl::Time time) {
  absl::MutexLock lock(&mutex_);
  cancels_.emplace(id, time);
  if (cancels_.size() > kMostCancels) {
    cancels_.erase(std::min_element(cancels_.begin(), cancels_.end(),
                                    [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
}

void WorkMetrics::OnEnd(const std::string& id, absl::Time time) {
  absl::MutexLock lock(&mutex_);
  const auto found = cancels_.find(id);
  if (found == cancels_.end())
    return;
  cancel_seconds_.Observe(absl::ToDoubleSeconds(time - found->second));
  cancels_.erase(found);
}

// What was done again, or made by several attempts, was not predicted.
void WorkMetrics::OnCompleted(const JobRecord& job, const JobCompleted& completed) {
  if (!completed.result.reused_from.empty())
    return;
  const GenerationReport& report = completed.usage.report;
  const Prediction& predicted = job.placement.prediction;
  modes_.Add(LabelsOf(report.mode)).Increment();
  if (report.retries > 0)
    return;
  if (predicted.peak_bytes() > 0)
    memory_ratio_.Observe(1.0 * static_cast<double>(report.peak_bytes) / static_cast<double>(predicted.peak_bytes()));
  if (completed.usage.resumes == 0 && predicted.seconds() > 0)
    time_ratio_.Observe(absl::ToDoubleSeconds(completed.usage.worked) / predicted.seconds());
}

void WorkMetrics::OnCheckpoint(const CheckpointCost& cost) {
  checkpoint_seconds_.Observe(absl::ToDoubleSeconds(cost.took));
  checkpoint_bytes_.Observe(static_cast<double>(cost.bytes));
}

}  // namespace ruyi
