// Holds what the benches have in common: every mode with every shape, and the pipeline or the model that is measured.
// Before it: the flags. After it: the benches. Functions without state; a ModelToPlace is not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/pipeline/ruyi/placed_dit.h"
#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "tests/model_bench/bench_mode.h"
#include "tests/model_bench/bench_options.h"
#include "tests/model_bench/report.h"
#include "tests/support/video_input.h"

namespace ruyi::bench {

// Measures one shape in one mode.
using Case = std::function<absl::Status(const BenchMode& mode, const VideoInput& input, Measurement& measurement)>;

// Runs the named case for each mode and shape, and reports it with the device's memory.
absl::Status ForEachCase(const BenchOptions& options, const LatentGeometry& geometry, Report& report,
                         const std::pair<std::string, Case>& bench);

// The pipeline of the options' model on their devices, not warm.
absl::StatusOr<std::unique_ptr<RuyiPipeline>> OpenPipeline(const BenchOptions& options,
                                                           std::optional<int64_t> vram_mib);

// Returns `mode` with no more blocks and states than the model has.
MemoryMode Within(const ModelFacts& facts, MemoryMode mode);

// The options' model with its transformer in the host's memory, from where each mode takes what it places.
class ModelToPlace {
 public:
  // Autoencoder and CLIP lie on `others`. Errors: those of LoadRuyiModels. Blocks on the disk.
  static absl::StatusOr<ModelToPlace> Load(const BenchOptions& options, c10::Device others);

  LatentGeometry geometry() const { return models_.geometry(); }

  // Places the model on the options' devices, as a request for `fp8` has it. Copies that were placed before must be
  // gone. Throws as PlacedDit::Place does.
  RuyiModels In(const MemoryMode& mode, const Fp8Settings& fp8);

 private:
  ModelToPlace(RuyiModels models, const BenchOptions& options);

  RuyiModels models_;
  std::vector<PlacedDit> transformers_;  // one for each device
};

}  // namespace ruyi::bench
