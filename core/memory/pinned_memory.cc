#include "core/memory/pinned_memory.h"

#include <ATen/core/CachingHostAllocator.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/accumulate.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <string>

#include "core/base/exception_guard.h"
#include "core/base/host_memory.h"

namespace ruyi {
namespace {

constexpr int kMostDevices = 64;  // of libtorch's own limit

// The bytes that tensors of each GPU take now, as they were rounded.
std::atomic<int64_t>& InUse(c10::Device device) {
  static std::atomic<int64_t> bytes[kMostDevices];
  return bytes[device.index()];
}

// What was kept in blocks of another size is of no use, and may be what is missing.
c10::DataPtr AllocatePinned(int64_t bytes, c10::Device device) {
  const auto allocate = [&] { return at::getHostAllocator(at::kCUDA)->allocate(static_cast<size_t>(bytes)); };
  if (absl::StatusOr<c10::DataPtr> pinned = GuardExceptions("pinning", allocate); pinned.ok())
    return *std::move(pinned);
  ReleaseKeptHostMemory(device);
  absl::StatusOr<c10::DataPtr> pinned = GuardExceptions("pinning host memory", allocate);
  if (!pinned.ok())
    throw OutOfHostMemory(std::string(pinned.status().message()));
  return *std::move(pinned);
}

}  // namespace

// libtorch records events where memory was copied from or to, when it is given back. That throws once the GPU has
// failed, and its own tensors would end the process with it.
at::Tensor EmptyOnHost(at::IntArrayRef sizes, c10::ScalarType type, c10::Device device) {
  if (!device.is_cuda())
    return at::empty(sizes, at::TensorOptions(type));
  const int64_t bytes = c10::multiply_integers(sizes) * static_cast<int64_t>(c10::elementSize(type));
  c10::DataPtr pinned = AllocatePinned(bytes, device);
  void* const begin = pinned.get();
  std::atomic<int64_t>& in_use = InUse(device);
  const int64_t taken = BytesOnHost(bytes, device);
  const auto give_back = [&in_use, taken, free = pinned.get_deleter(), block = pinned.get_context()](void*) {
    in_use -= taken;
    GuardExceptions("giving back host memory", [&] { free(block); }).IgnoreError();
  };
  at::Tensor tensor = at::from_blob(begin, sizes, give_back, at::TensorOptions(type));
  in_use += taken;
  pinned.release_context();
  return tensor;
}

int64_t BytesOnHost(int64_t bytes, c10::Device device) {
  return device.is_cuda() ? static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(bytes))) : bytes;
}

void ReleaseKeptHostMemory(c10::Device device) {
  if (device.is_cuda())
    at::getHostAllocator(at::kCUDA)->empty_cache();
}

int64_t PinnedHostBytes(const std::vector<c10::Device>& devices) {
  if (!devices.front().is_cuda())
    return 0;
  int64_t of_others = 0;
  for (c10::DeviceIndex index = 0; index < kMostDevices; ++index) {
    const c10::Device device(c10::kCUDA, index);
    of_others += std::find(devices.begin(), devices.end(), device) == devices.end() ? InUse(device).load() : 0;
  }
  return at::getHostAllocator(at::kCUDA)->get_stats().allocated_bytes.current - of_others;
}

int64_t UsableHostBytes(const std::vector<c10::Device>& devices) {
  const HostMemory host = ReadHostMemory();
  return host.available_bytes + (devices.front().is_cuda() ? PinnedHostBytes(devices) : host.anonymous_bytes);
}

}  // namespace ruyi
