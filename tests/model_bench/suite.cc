// The suite: which of the other benches run, on what.
#include <vector>

#include "core/base/status_macros.h"
#include "tests/model_bench/benches.h"

namespace ruyi::bench {
namespace {

using Part = absl::Status (*)(const BenchOptions&, Report&);

// What is measured where nothing else is asked for: on a GPU what a model of full size computes, on a CPU what the demo
// model does.
struct SuiteSizes {
  std::vector<std::string> shapes;
  std::vector<int64_t> attention_tokens;  // tokens of a batch of two, as for the bench of kernels
  std::vector<int64_t> layer_tokens;
  std::vector<int64_t> feature_positions;
  int64_t heads = 0;
  int64_t head_dim = 0;
};

SuiteSizes SizesFor(c10::Device device) {
  if (device.is_cpu())
    return {.shapes = {"8@160x96", "24@160x96"},
            .attention_tokens = {2 * 360},
            .layer_tokens = {2 * 360},
            .feature_positions = {2 * 8 * 24 * 40},
            .heads = 4,
            .head_dim = 64};
  return {.shapes = {"24@512", "120@512", "24@768", "120@768"},
          .attention_tokens = {2 * 6048, 2 * 13608, 2 * 30240, 2 * 68040},
          .layer_tokens = {2 * 30240},
          .feature_positions = {2 * 8 * 192 * 336},
          .heads = 32,
          .head_dim = 88};
}

absl::Status RunSteps(const BenchOptions& options, Report& report) {
  BenchOptions steps = options;
  steps.modes = {"guided+turn", "guided+turn+fp8=strong+scaled"};
  return BenchStep(steps, report);
}

absl::Status RunAutoencoder(const BenchOptions& options, Report& report) {
  RUYI_RETURN_IF_ERROR(BenchVaeIn(VaeTemporalMode::kSlice, options, report));
  return BenchVaeIn(VaeTemporalMode::kCache, options, report);
}

absl::Status RunKernels(const BenchOptions& options, Report& report) {
  const SuiteSizes sizes = SizesFor(options.placement.device);
  BenchOptions kernels = options;
  kernels.heads = sizes.heads;
  kernels.head_dim = sizes.head_dim;
  kernels.tokens = sizes.attention_tokens;
  RUYI_RETURN_IF_ERROR(BenchKernelsOf(KernelGroup::kAttention, kernels, report));
  kernels.tokens = sizes.layer_tokens;
  RUYI_RETURN_IF_ERROR(BenchKernelsOf(KernelGroup::kTokens, kernels, report));
  RUYI_RETURN_IF_ERROR(BenchKernelsOf(KernelGroup::kEightBits, kernels, report));
  kernels.tokens = sizes.feature_positions;
  return BenchKernelsOf(KernelGroup::kFeatures, kernels, report);
}

// What is approximated, on the smallest shape.
absl::Status RunQuality(const BenchOptions& options, Report& report) {
  BenchOptions quality = options;
  quality.shapes.resize(1);
  quality.steps = 12;
  quality.warm_up = 0;
  quality.repeat = 1;
  quality.modes = {"guided+turn", "guided+turn+quality=balanced", "guided+turn+quality=fast", "guided+turn+fp8=strong",
                   "guided+turn+fp8=strong+scaled"};
  return BenchQuality(quality, report);
}

// A bench that belongs to the suite is added here.
constexpr Part kParts[] = {&RunSteps, &RunAutoencoder, &RunKernels, &RunQuality};

}  // namespace

absl::Status BenchSuite(const BenchOptions& options, Report& report) {
  BenchOptions part_options = options;
  part_options.shapes = options.suite_shapes.empty() ? SizesFor(options.placement.device).shapes : options.suite_shapes;
  part_options.warm_up = 1;
  part_options.repeat = 3;
  part_options.predicts = false;
  for (const Part part : kParts) {
    RUYI_RETURN_IF_ERROR(part(part_options, report));
  }
  return absl::OkStatus();
}

}  // namespace ruyi::bench
