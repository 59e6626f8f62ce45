// What the benches have in common: every mode with every shape, and the pipeline that is measured. Before it: the
// flags. After it: the benches. Functions without state.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "tests/model_bench/bench_mode.h"
#include "tests/model_bench/bench_options.h"
#include "tests/model_bench/report.h"

namespace ruyi::bench {

// What a bench measures of one shape in one mode.
using Case = std::function<absl::Status(const BenchMode& mode, const GenerationPlan& plan, Measurement& measurement)>;

// Runs the named case for each mode and shape, and reports it with the device's memory.
absl::Status ForEachCase(const BenchOptions& options, const LatentGeometry& geometry, Report& report,
                         const std::pair<std::string, Case>& bench);

// The pipeline of the options' model on their devices, not warm.
absl::StatusOr<std::unique_ptr<RuyiPipeline>> OpenPipeline(const BenchOptions& options,
                                                           std::optional<int64_t> vram_mib);

}  // namespace ruyi::bench
