// A GPU that does not compute any more.
#include <ATen/core/TensorBody.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros.h>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/exception_guard.h"
#include "core/tensor/device_memory.h"
#include "tests/model_bench/benches.h"

namespace ruyi::bench {

absl::Status BenchFault(const BenchOptions& options, Report& report) {
  constexpr int64_t kRows = 4;
  const c10::Device device = options.placement.device;
  if (!device.is_cuda())
    return absl::FailedPreconditionError("a fault needs a GPU: use --device cuda");
  const absl::Status before = CleanDevice(device);
  // A row that is not there: the kernel's own assertion ends the GPU's work for this process.
  const absl::Status fault = GuardExceptions("breaking the GPU", [&] {
    const at::TensorOptions there(device);
    at::index_select(at::zeros({kRows, 1}, there), 0, at::full({1}, kRows, there.dtype(at::kLong))).cpu();
  });
  const absl::Status after = CleanDevice(device);
  Measurement measurement = {.bench = "fault", .note = std::string(after.message())};
  measurement.other["clean_before"] = before.ok();
  measurement.other["failed"] = !fault.ok();
  measurement.other["noticed"] = GetErrorInfo(after).reason == reason::kGpuFault;
  report.Add(measurement);
  return measurement.other["noticed"] > 0 ? absl::OkStatus() : absl::InternalError("the fault was not noticed");
}

}  // namespace ruyi::bench
