// Requests: planned, made, and compared with the plan.
#include <cuda_runtime_api.h>

#include <iostream>
#include <limits>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/pipeline/discard.h"
#include "core/plan/planner.h"
#include "tests/model_bench/bench_cases.h"
#include "tests/model_bench/bench_shape.h"
#include "tests/model_bench/benches.h"
#include "tests/support/request_of_plan.h"

namespace ruyi::bench {
namespace {

// Notes how often memory ran out.
class RetryNotes final : public ProgressSink {
 public:
  explicit RetryNotes(std::string& text) : text_(text) {}

  void OnProgress(const Progress& /*progress*/) override {}
  void OnRetry(const Retry& retry) override {
    absl::StrAppendFormat(&text_, " %s -> %s (%s);", NameOf(retry.from), NameOf(retry.to), retry.reason);
  }

 private:
  std::string& text_;
};

// Memory of a GPU that libtorch's allocator knows nothing of, as another program would take it.
class Ballast {
 public:
  Ballast(c10::Device device, int64_t mib) {
    if (mib > 0 && device.is_cuda())
      cudaMalloc(&memory_, static_cast<size_t>(BytesOfMib(mib)));
  }
  Ballast(const Ballast&) = delete;
  Ballast& operator=(const Ballast&) = delete;
  ~Ballast() { cudaFree(memory_); }

 private:
  void* memory_ = nullptr;
};

ValidatedRequest RequestOf(const BenchOptions& options, const GenerationPlan& plan, const BenchMode& mode) {
  ValidatedRequest request = RequestOf(plan);
  request.fp8 = options.fp8;
  request.memory = mode.settings();
  return request;
}

Planner PlannerFor(const RuyiPipeline& pipeline) {
  RequestLimits any_size;
  any_size.min_side = 1;
  any_size.max_side = std::numeric_limits<int>::max();
  return Planner({.limits = any_size,
                  .draw_seed = [] { return 1; },
                  .costs = pipeline.costs(),
                  .available_bytes = [&pipeline] { return pipeline.AvailableBytes(); }});
}

void NoteStages(const std::string& prefix, const StageCosts& costs, Measurement& measurement) {
  constexpr const char* kNames[kStages] = {"load", "clip", "encode", "denoise", "decode"};
  for (int stage = 0; stage < kStages; ++stage) {
    measurement.other[absl::StrFormat("%s_%s_mib", prefix, kNames[stage])] = MibOf(costs[stage].peak_bytes);
    measurement.other[absl::StrFormat("%s_%s_s", prefix, kNames[stage])] = costs[stage].seconds;
  }
}

absl::Status MakeOne(const BenchOptions& options, RuyiPipeline& pipeline, const GenerationPlan& plan,
                     Measurement& measurement) {
  const Ballast ballast(options.placement.device, options.ballast_mib);
  RetryNotes notes(measurement.note);
  DiscardFrames frames;
  Stopwatch watch(options.placement.device);
  RUYI_ASSIGN_OR_RETURN(const GenerationReport report, pipeline.Generate(plan, CancellationToken(), notes, frames));
  measurement.seconds.push_back(watch.Lap());
  NoteStages("measured", report.stages, measurement);
  measurement.peak_mib = MibOf(report.peak_bytes);
  measurement.other["retries"] = report.retries;
  return absl::OkStatus();
}

// A request that fits in no mode, or for which memory runs out in all of them, is a result too.
absl::Status MeasureRequest(const BenchOptions& options, RuyiPipeline& pipeline, const ValidatedRequest& request,
                            Measurement& measurement) {
  const absl::StatusOr<GenerationPlan> plan = PlannerFor(pipeline).Plan(request);
  if (absl::IsFailedPrecondition(plan.status())) {
    measurement.note = std::string(plan.status().message());
    return absl::OkStatus();
  }
  RUYI_RETURN_IF_ERROR(plan.status());
  measurement.note = absl::StrFormat("[%s] %s;", NameOf(plan->prediction.mode), plan->memory_reason);
  measurement.other["predicted_mib"] = MibOf(plan->prediction.peak_bytes());
  measurement.other["predicted_s"] = plan->prediction.seconds();
  NoteStages("predicted", plan->prediction.stages, measurement);
  for (int run = 0; run < options.repeat; ++run) {
    const absl::Status status = MakeOne(options, pipeline, *plan, measurement);
    if (absl::IsResourceExhausted(status)) {
      absl::StrAppendFormat(&measurement.note, " failed: %s", std::string(status.message()));
      return absl::OkStatus();
    }
    RUYI_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

std::vector<std::optional<int64_t>> BudgetsOf(const BenchOptions& options) {
  if (options.vram_mib.empty())
    return {std::nullopt};
  return {options.vram_mib.begin(), options.vram_mib.end()};
}

void PrintModes(const Estimate& estimate) {
  const Admission& admission = estimate.admission;
  for (size_t i = 0; i < admission.modes.size(); ++i) {
    const ModeEstimate& mode = admission.modes[i];
    std::cout << absl::StrFormat("  %s %-40s %8.0f MiB %8.1f s  %s\n", i == admission.chosen ? "*" : " ",
                                 NameOf(mode.prediction.mode), MibOf(mode.prediction.peak_bytes()),
                                 mode.prediction.seconds(), mode.reason);
  }
}

}  // namespace

absl::Status BenchRequest(const BenchOptions& options, Report& report) {
  for (const std::optional<int64_t>& vram_mib : BudgetsOf(options)) {
    RUYI_ASSIGN_OR_RETURN(const std::unique_ptr<RuyiPipeline> pipeline, OpenPipeline(options, vram_mib));
    RUYI_RETURN_IF_ERROR(pipeline->WarmUp());
    const auto request = [&](const BenchMode& mode, const GenerationPlan& plan, Measurement& measurement) {
      measurement.other["budget_mib"] = MibOf(pipeline->AvailableBytes());
      return MeasureRequest(options, *pipeline, RequestOf(options, plan, mode), measurement);
    };
    RUYI_RETURN_IF_ERROR(ForEachCase(options, pipeline->costs()->facts().geometry, report, {"request", request}));
  }
  return absl::OkStatus();
}

absl::Status BenchPlan(const BenchOptions& options, Report& report) {
  RUYI_ASSIGN_OR_RETURN(const std::unique_ptr<RuyiPipeline> pipeline, OpenPipeline(options, std::nullopt));
  RUYI_RETURN_IF_ERROR(pipeline->WarmUp());
  const Planner planner = PlannerFor(*pipeline);
  for (const std::optional<int64_t>& vram_mib : BudgetsOf(options)) {
    const std::optional<int64_t> bytes = vram_mib.has_value() ? std::optional(BytesOfMib(*vram_mib)) : std::nullopt;
    const auto plan_one = [&](const BenchMode& mode, const GenerationPlan& plan,
                              Measurement& measurement) -> absl::Status {
      RUYI_ASSIGN_OR_RETURN(const Estimate estimate, planner.EstimateFor(RequestOf(options, plan, mode), bytes));
      measurement.note = estimate.admission.reason;
      measurement.other["budget_mib"] = MibOf(estimate.admission.budget_bytes);
      measurement.other["predicted_mib"] = MibOf(estimate.plan.prediction.peak_bytes());
      measurement.other["predicted_s"] = estimate.plan.prediction.seconds();
      PrintModes(estimate);
      return absl::OkStatus();
    };
    RUYI_RETURN_IF_ERROR(ForEachCase(options, pipeline->costs()->facts().geometry, report, {"plan", plan_one}));
  }
  return absl::OkStatus();
}

}  // namespace ruyi::bench
