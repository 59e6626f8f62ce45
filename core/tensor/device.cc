#include "core/tensor/device.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/AllocatorConfig.h>
#include <c10/cuda/CUDAException.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_format.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

// The variable that sets libtorch's allocators. When the user has set it, it is left alone.
constexpr char kAllocatorVariable[] = "PYTORCH_CUDA_ALLOC_CONF";

// With these settings nothing is lost between blocks of the device's memory, and several threads touch host memory
// before it is pinned: 13 GB in 3 s instead of 10 (docs/performance.md).
constexpr char kAllocatorSettings[] =
    "expandable_segments:True,pinned_use_cuda_host_register:True,pinned_num_register_threads:8";

absl::StatusOr<c10::Device> Parse(std::string_view name) {
  const absl::StatusOr<c10::Device> device =
      GuardExceptions("reading the device", [&] { return c10::Device(std::string(name)); });
  if (!device.ok() || !(device->is_cpu() || device->is_cuda()))
    return absl::InvalidArgumentError(absl::StrFormat("device '%s' is unknown: use cpu, cuda or cuda:N", name));
  return device;
}

// Registers CUDA with libtorch. CUDA is not linked, so that a program that computes on the CPU starts without it, also
// where it is not installed.
absl::Status LoadCuda() {
  if (std::getenv(kAllocatorVariable) == nullptr)
    c10::CachingAllocator::setAllocatorSettings(kAllocatorSettings);
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr)
    return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "the libraries of CUDA cannot be loaded (%s): run scripts/setup --cuda, or use --device cpu", dlerror()));
}

absl::StatusOr<c10::Device> FindGpu(c10::Device asked) {
  const int count = at::detail::getCUDAHooks().getNumGPUs();
  if (count == 0)
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s: no NVIDIA GPU with a driver for CUDA 13 is here: nvidia-smi may say why; or use --device cpu",
        asked.str()));
  const c10::Device device(c10::kCUDA, asked.has_index() ? asked.index() : c10::DeviceIndex{0});
  if (device.index() >= count)
    return absl::FailedPreconditionError(
        absl::StrFormat("%s is not here: the last GPU is cuda:%d", device.str(), count - 1));
  return device;
}

}  // namespace

absl::StatusOr<c10::Device> OpenDevice(std::string_view name) {
  RUYI_ASSIGN_OR_RETURN(const c10::Device asked, Parse(name));
  if (asked.is_cpu())
    return asked;
  RUYI_RETURN_IF_ERROR(LoadCuda());
  RUYI_ASSIGN_OR_RETURN(const c10::Device device, FindGpu(asked));
  at::globalContext().setAllowTF32CuDNN(false);
  return device;
}

c10::ScalarType FastTypeOf(c10::Device device) {
  const bool is_fast =
      device.is_cuda() || (at::get_cpu_capability() == "AVX512" && __builtin_cpu_supports("avx512bf16"));
  return is_fast ? c10::kBFloat16 : c10::kFloat;
}

std::string DescriptionOf(c10::Device device) {
  if (device.is_cpu())
    return absl::StrFormat("CPU with %d threads", at::get_num_threads());
  cudaDeviceProp properties;
  C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, device.index()));
  return properties.name;
}

void AwaitDevice(c10::Device device) {
  if (!device.is_cpu())
    at::accelerator::synchronizeDevice(device.index());
}

}  // namespace ruyi
