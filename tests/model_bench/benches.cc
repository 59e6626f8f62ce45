#include "tests/model_bench/benches.h"

#include <ATen/Context.h>
#include <ATen/core/TensorBody.h>
#include <c10/core/InferenceMode.h>

#include <optional>
#include <utility>

#include "core/base/status_macros.h"
#include "core/pipeline/ruyi/denoise_loop.h"
#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "tests/model_bench/bench_cases.h"
#include "tests/model_bench/bench_mode.h"
#include "tests/model_bench/bench_shape.h"
#include "tests/model_bench/unwatched_run.h"

namespace ruyi::bench {
namespace {

constexpr uint64_t kSeed = 1;

// The sum of the bits of `latents`: the same where they are the same to the last bit.
double BitsOf(const at::Tensor& latents) {
  return static_cast<double>(latents.to(at::kFloat).contiguous().view(at::kInt).sum().item<int64_t>());
}

// Adds what the cost model predicts for a step of `spec`: beside the weights of the transformer, all that a step takes.
void Predict(const CostModel& costs, const VideoSpec& spec, const MemoryMode& mode, Measurement& measurement) {
  const ModelFacts& facts = costs.facts();
  const StageCost cost = costs.Predict(spec, Within(facts, mode)).Of(Stage::kDenoise);
  measurement.other["predicted_mib"] = MibOf(cost.peak_bytes - facts.other_weight_bytes);
  measurement.other["predicted_s"] = cost.seconds / spec.steps;
}

absl::Status MeasureSteps(const BenchOptions& options, const RuyiModels& models, const MemoryMode& mode, VideoSpec spec,
                          Measurement& measurement) {
  spec.steps = options.warm_up + options.repeat;
  at::manual_seed(kSeed);  // of the conditions: the same in every mode
  RUYI_ASSIGN_OR_RETURN(const Conditions conditions, RandomConditions(models, spec));
  Stopwatch watch(options.placement.device);
  int left_to_warm = options.warm_up;
  UnwatchedRun run({}, [&](const at::Tensor&) {
    const double seconds = watch.Lap();
    if (left_to_warm-- <= 0)
      measurement.seconds.push_back(seconds);
  });
  run.context.branches_in_turn = mode.branches_in_turn;
  RUYI_ASSIGN_OR_RETURN(const at::Tensor latents, Denoise(models, spec, conditions, run.context));
  measurement.other["latents_bits"] = BitsOf(latents);
  return absl::OkStatus();
}

// The cost model of the devices, calibrated with the weights as their files have them; nothing is left on them.
absl::StatusOr<std::shared_ptr<const CostModel>> CalibratedCosts(BenchOptions options) {
  options.fp8 = {};
  RUYI_ASSIGN_OR_RETURN(const std::unique_ptr<RuyiPipeline> pipeline, OpenPipeline(options, std::nullopt));
  RUYI_RETURN_IF_ERROR(pipeline->WarmUp());
  return pipeline->costs();
}

}  // namespace

// The transformer, in the host's memory, is placed anew for each mode, in the bits that a request asks for.
absl::Status BenchStep(const BenchOptions& options, Report& report) {
  const c10::InferenceMode no_gradients;
  std::shared_ptr<const CostModel> costs;
  if (options.predicts) {
    RUYI_ASSIGN_OR_RETURN(costs, CalibratedCosts(options));
  }
  RUYI_ASSIGN_OR_RETURN(ModelToPlace model, ModelToPlace::Load(options, c10::Device(c10::kCPU)));
  const auto step = [&](const BenchMode& mode, const VideoInput& input, Measurement& measurement) {
    VideoSpec spec = input.spec;
    spec.fp8 = mode.fp8.value_or(options.fp8);
    const RuyiModels placed = model.In(mode.memory(), spec.fp8);
    if (costs != nullptr)
      Predict(*costs, spec, mode.memory(), measurement);
    ResetPeaks(options.placement.device);
    return MeasureSteps(options, placed, mode.memory(), spec, measurement);
  };
  return ForEachCase(options, model.geometry(), report, {"step", step});
}

absl::Status BenchLoad(const BenchOptions& options, Report& report) {
  Measurement measurement = {.bench = "load"};
  for (int run = 0; run < options.repeat; ++run) {
    Stopwatch watch(options.placement.device);
    const absl::StatusOr<RuyiModels> models = LoadRuyiModels(options.model, options.placement, options.fp8);
    RUYI_RETURN_IF_ERROR(models.status());
    measurement.seconds.push_back(watch.Lap());
    measurement.other["host_anonymous_mib"] = ProcessMib("RssAnon");
    measurement.other["host_peak_mib"] = ProcessMib("VmHWM");
  }
  ReadMemory(options.placement.device, measurement);
  report.Add(measurement);
  return absl::OkStatus();
}

}  // namespace ruyi::bench
