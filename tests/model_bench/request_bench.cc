// Requests: planned, made, and compared with what was predicted.
#include <cuda_runtime_api.h>

#include <iostream>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/pipeline/discard.h"
#include "core/plan/planner.h"
#include "tests/model_bench/bench_cases.h"
#include "tests/model_bench/bench_shape.h"
#include "tests/model_bench/benches.h"
#include "tests/support/request_of_spec.h"

namespace ruyi::bench {
namespace {

// Notes how often memory ran out.
class RetryNotes final : public ProgressSink {
 public:
  explicit RetryNotes(std::string& text) : text_(text) {}

  void OnProgress(const Progress& /*progress*/) override {}
  void OnResume() override {}
  void OnPreview(int /*step*/, const RgbImage& /*picture*/) override {}
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

ValidatedRequest RequestOf(const BenchOptions& options, const VideoInput& input, const BenchMode& mode) {
  ValidatedRequest request = RequestOf(input.spec, input.pictures);
  request.fp8 = mode.fp8.value_or(options.fp8);
  request.memory = mode.settings();
  return request;
}

Planner PlannerFor(const RuyiPipeline& pipeline) {
  return Planner({.draw_seed = [] { return 1; },
                  .costs = pipeline.costs(),
                  .available = [&pipeline] { return pipeline.AvailableMemory(); }});
}

void NoteStages(const std::string& prefix, const StageCosts& costs, Measurement& measurement) {
  constexpr const char* kNames[kStages] = {"load", "clip", "encode", "denoise", "decode"};
  for (int stage = 0; stage < kStages; ++stage) {
    measurement.other[absl::StrFormat("%s_%s_mib", prefix, kNames[stage])] = MibOf(costs[stage].peak_bytes);
    measurement.other[absl::StrFormat("%s_%s_s", prefix, kNames[stage])] = costs[stage].seconds;
  }
}

void NotePrediction(const Prediction& prediction, Measurement& measurement) {
  measurement.other["predicted_mib"] = MibOf(prediction.peak_bytes());
  measurement.other["predicted_host_mib"] = MibOf(prediction.host_bytes);
  measurement.other["predicted_s"] = prediction.seconds();
}

absl::Status MakeOne(const BenchOptions& options, RuyiPipeline& pipeline, const VideoInput& input,
                     Measurement& measurement) {
  const Ballast ballast(options.placement.device, options.ballast_mib);
  RetryNotes notes(measurement.note);
  DiscardFrames frames;
  Stopwatch watch(options.placement.device);
  const absl::StatusOr<GenerationReport> report = Generate(pipeline, input, notes, frames);
  if (absl::IsResourceExhausted(report.status())) {
    absl::StrAppendFormat(&measurement.note, " failed: %s", std::string(report.status().message()));
    return absl::OkStatus();
  }
  RUYI_RETURN_IF_ERROR(report.status());
  measurement.seconds.push_back(watch.Lap());
  NoteStages("measured", report->stages, measurement);
  measurement.peak_mib = MibOf(report->peak_bytes);
  measurement.other["retries"] = report->retries;
  return absl::OkStatus();
}

struct RequestInMode {
  ValidatedRequest request;
  bool in_slabs = false;  // whatever the planner would choose
};

// Returns the placement with the autoencoder in slabs, and nothing to fall back to.
Placement InSlabs(Placement placement, const CostModel& costs, const VideoSpec& spec) {
  MemoryMode mode = placement.prediction.mode;
  mode.autoencoder_in_slabs = true;
  placement.prediction = costs.Predict(spec, mode);
  placement.fallbacks.clear();
  return placement;
}

// Each run is placed as the model lies then. What was predicted and measured is told of the last one. A request that
// fits in no mode, or for which memory runs out in all of them, is a result too.
absl::Status MeasureRequest(const BenchOptions& options, RuyiPipeline& pipeline, const RequestInMode& wanted,
                            Measurement& measurement) {
  PlannedVideo planned = PlannerFor(pipeline).Plan(wanted.request);
  VideoInput input = {.spec = std::move(planned.spec), .placement = {}, .pictures = std::move(planned.pictures)};
  for (int run = 0; run < options.repeat; ++run) {
    absl::StatusOr<Placement> placement = Place(*pipeline.costs(), input.spec, pipeline.AvailableMemory());
    if (!placement.ok()) {
      measurement.note = std::string(placement.status().message());
      return absl::OkStatus();
    }
    input.placement =
        wanted.in_slabs ? InSlabs(*std::move(placement), *pipeline.costs(), input.spec) : *std::move(placement);
    const Prediction& prediction = input.placement.prediction;
    measurement.note = absl::StrFormat("[%s] %s;", NameOf(prediction.mode), input.placement.reason);
    NotePrediction(prediction, measurement);
    NoteStages("predicted", prediction.stages, measurement);
    RUYI_RETURN_IF_ERROR(MakeOne(options, pipeline, input, measurement));
  }
  return absl::OkStatus();
}

std::vector<std::optional<int64_t>> BudgetsOf(const BenchOptions& options) {
  if (options.vram_mib.empty())
    return {std::nullopt};
  return {options.vram_mib.begin(), options.vram_mib.end()};
}

void PrintModes(const Admission& admission) {
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
    const auto request = [&](const BenchMode& mode, const VideoInput& input, Measurement& measurement) {
      measurement.other["budget_mib"] = MibOf(pipeline->AvailableMemory().device_bytes);
      const RequestInMode wanted = {.request = RequestOf(options, input, mode), .in_slabs = mode.autoencoder_in_slabs};
      return MeasureRequest(options, *pipeline, wanted, measurement);
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
    const auto plan_one = [&](const BenchMode& mode, const VideoInput& input,
                              Measurement& measurement) -> absl::Status {
      const Admission admission = planner.Plan(RequestOf(options, input, mode), bytes).admission;
      measurement.note = admission.reason;
      measurement.other["budget_mib"] = MibOf(admission.budget_bytes);
      NotePrediction(admission.chosen.has_value() ? admission.modes[*admission.chosen].prediction : Prediction(),
                     measurement);
      PrintModes(admission);
      return absl::OkStatus();
    };
    RUYI_RETURN_IF_ERROR(ForEachCase(options, pipeline->costs()->facts().geometry, report, {"plan", plan_one}));
  }
  return absl::OkStatus();
}

}  // namespace ruyi::bench
