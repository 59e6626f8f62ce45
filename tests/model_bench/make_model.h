// Makes a model folder of full size out of manifests (the names and shapes of tensors, and the configuration) and
// random numbers: what speed and memory are measured on where the published weights are not. Before it: main.cc. After
// it: LoadRuyiModels. A function without state.
#pragma once

#include "absl/status/status.h"
#include "tests/model_bench/bench_options.h"

namespace ruyi::bench {

// Weights in bfloat16: norms are 1, biases 0, all else normal with a deviation of 0.02, so that features stay finite.
// The same seed makes the same folder. NOT_FOUND: no manifest there. FAILED_PRECONDITION: a manifest of no known part.
// UNAVAILABLE: a file cannot be written. Blocks on the disk.
absl::Status MakeModel(const MakeModelOptions& options);

}  // namespace ruyi::bench
