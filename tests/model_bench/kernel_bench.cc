#include <ATen/Context.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "absl/strings/str_format.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/tensor/attention_backend.h"
#include "tests/core/kernels/reference.h"
#include "tests/model_bench/benches.h"
#include "tests/model_bench/kernel_cases.h"

namespace ruyi::bench {
namespace {

using Tensors = KernelCase::Tensors;

constexpr uint64_t kSeed = 1;
constexpr int kCallsOnGpu = 20;  // in a row, so that starting them is not what is measured
constexpr double kGiga = 1e9;
constexpr double kMicro = 1e-6;

// Seconds of a call in each of the runs that count.
std::vector<double> Time(const BenchOptions& options, const KernelCase::Function& function, const Tensors& inputs) {
  const int calls = options.placement.device.is_cpu() ? 1 : kCallsOnGpu;
  std::vector<double> seconds;
  for (int run = -options.warm_up; run < options.repeat; ++run) {
    Stopwatch watch(options.placement.device);
    for (int call = 0; call < calls; ++call)
      function(inputs);
    const double lap = watch.Lap() / calls;
    if (run >= 0)
      seconds.push_back(lap);
  }
  return seconds;
}

double BytesOf(const Tensors& tensors) {
  double bytes = 0;
  for (const at::Tensor& tensor : tensors)
    bytes += static_cast<double>(tensor.nbytes());
  return bytes;
}

double LargestError(const Tensors& tensors, const Tensors& expected) {
  double error = 0;
  for (size_t i = 0; i < tensors.size(); ++i)
    error = std::max(error, reference::LargestError(tensors[i], expected[i]));
  return error;
}

// Returns true when each row of the batch alone gives the bits that it gives among the others.
bool IsSameAlone(const KernelCase::Function& function, const Tensors& inputs, const Tensors& together) {
  for (int64_t b = 0; b < inputs[0].size(0); ++b) {
    Tensors alone;
    for (const at::Tensor& input : inputs)
      alone.push_back(input.narrow(0, b, 1));
    const Tensors out = function(alone);
    for (size_t i = 0; i < out.size(); ++i) {
      if (!at::equal(out[i], together[i].narrow(0, b, 1)))
        return false;
    }
  }
  return true;
}

Measurement Measure(const BenchOptions& options, const KernelCase& kernel, const KernelCase::Function& function,
                    const Tensors& expected) {
  Measurement measurement = {.bench = "kernels"};
  const Tensors out = function(kernel.inputs);
  measurement.other["error"] = LargestError(out, expected);
  measurement.other["same_alone"] = IsSameAlone(function, kernel.inputs, out) ? 1 : 0;
  ResetPeaks(options.placement.device);
  measurement.seconds = Time(options, function, kernel.inputs);
  ReadMemory(options.placement.device, measurement);
  const double median = Median(measurement.seconds);
  measurement.other["us"] = median / kMicro;
  measurement.other["gb_per_s"] = (BytesOf(kernel.inputs) + BytesOf(out)) / median / kGiga;
  return measurement;
}

// The function itself, which on a CPU is its twin, and the twin.
void MeasureBoth(const BenchOptions& options, const KernelCase& kernel, int64_t tokens, Report& report) {
  const Tensors expected = kernel.reference(kernel.inputs);
  for (const bool is_twin : {false, true}) {
    if (!is_twin && options.placement.device.is_cpu())
      continue;
    Measurement measurement = Measure(options, kernel, is_twin ? kernel.aten : kernel.kernel, expected);
    measurement.shape = absl::StrFormat("%s@%dx%d", kernel.name, KernelShape().batch, tokens / KernelShape().batch);
    measurement.mode = is_twin ? "aten" : "kernel";
    report.Add(measurement);
  }
}

absl::StatusOr<KernelShape> ShapeOf(const BenchOptions& options, int64_t tokens) {
  const KernelShape shape = {.tokens = tokens / 2, .heads = options.heads, .head_dim = options.head_dim};
  if (tokens % shape.batch != 0 || options.head_dim % 2 != 0)
    return absl::InvalidArgumentError(
        absl::StrFormat("%d tokens of heads of %d numbers: both must be even, for two in a batch and for pairs to turn",
                        tokens, options.head_dim));
  return shape;
}

}  // namespace

absl::Status BenchKernelsOf(KernelGroup group, const BenchOptions& options, Report& report) {
  const c10::InferenceMode no_gradients;
  const TensorPlacement& placement = options.placement;
  RUYI_RETURN_IF_ERROR(GuardExceptions("timing attention", [&] {
    PreferFastestAttention(placement.device,
                           {.heads = options.heads, .head_dim = options.head_dim, .dtype = placement.dtype});
  }));
  for (const int64_t tokens : options.tokens) {
    RUYI_ASSIGN_OR_RETURN(const KernelShape shape, ShapeOf(options, tokens));
    for (const KernelCaseMaker& make : KernelCaseMakers(group)) {
      at::manual_seed(kSeed);
      RUYI_RETURN_IF_ERROR(
          GuardExceptions("kernels", [&] { MeasureBoth(options, make(shape, options.placement), tokens, report); }));
    }
  }
  return absl::OkStatus();
}

absl::Status BenchKernels(const BenchOptions& options, Report& report) {
  for (const KernelGroup group :
       {KernelGroup::kAttention, KernelGroup::kTokens, KernelGroup::kFeatures, KernelGroup::kEightBits}) {
    RUYI_RETURN_IF_ERROR(BenchKernelsOf(group, options, report));
  }
  return absl::OkStatus();
}

}  // namespace ruyi::bench
