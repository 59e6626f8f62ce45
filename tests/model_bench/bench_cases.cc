#include "tests/model_bench/bench_cases.h"

#include <algorithm>

#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/plan/prediction.h"
#include "tests/model_bench/bench_shape.h"

namespace ruyi::bench {

absl::Status ForEachCase(const BenchOptions& options, const LatentGeometry& geometry, Report& report,
                         const std::pair<std::string, Case>& bench) {
  for (const std::string& mode_text : options.modes) {
    RUYI_ASSIGN_OR_RETURN(const BenchMode mode, ParseFullMode(mode_text));
    for (const std::string& shape_text : options.shapes) {
      RUYI_ASSIGN_OR_RETURN(const BenchShape shape, ParseShape(shape_text));
      const VideoInput input = InputOf(shape, mode.is_guided, options.steps, geometry);
      Measurement measurement = {
          .bench = bench.first, .shape = NameOf(shape), .task = mode.is_guided ? "guided" : "plain", .mode = mode_text};
      ResetPeaks(options.placement.device);
      RUYI_RETURN_IF_ERROR(GuardExceptions(bench.first, [&] { return bench.second(mode, input, measurement); }));
      ReadMemory(options.placement.device, measurement);
      report.Add(measurement);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RuyiPipeline>> OpenPipeline(const BenchOptions& options,
                                                           std::optional<int64_t> vram_mib) {
  RuyiPipelineOptions pipeline;
  if (vram_mib.has_value())
    pipeline.vram_budget_bytes = BytesOfMib(*vram_mib);
  pipeline.calibration_file = options.calibration_file;
  return RuyiPipeline::Load(
      {.folder = options.model, .devices = options.devices, .dtype = options.placement.dtype, .fp8 = options.fp8},
      std::move(pipeline));
}

MemoryMode Within(const ModelFacts& facts, MemoryMode mode) {
  mode.resident_blocks = std::min(mode.resident_blocks, facts.blocks);
  mode.resident_states = std::min(mode.resident_states, facts.states);
  return mode;
}

ModelToPlace::ModelToPlace(RuyiModels models, const BenchOptions& options) : models_(std::move(models)) {
  models_.placement = options.placement;
  for (const c10::Device& device : options.devices)
    transformers_.emplace_back(models_.dit, TensorPlacement{.device = device, .dtype = options.placement.dtype});
}

absl::StatusOr<ModelToPlace> ModelToPlace::Load(const BenchOptions& options, c10::Device others) {
  RUYI_ASSIGN_OR_RETURN(
      RuyiModels models,
      LoadRuyiModels(options.model, {.device = others, .dtype = options.placement.dtype}, {}, c10::Device(c10::kCPU)));
  return ModelToPlace(std::move(models), options);
}

RuyiModels ModelToPlace::In(const MemoryMode& mode, const Fp8Settings& fp8) {
  RuyiModels placed = models_;
  placed.dit = transformers_.front().Place(mode, fp8);
  if (transformers_.size() > 1)
    placed.partner = transformers_.back().Place(mode, fp8);
  return placed;
}

}  // namespace ruyi::bench
