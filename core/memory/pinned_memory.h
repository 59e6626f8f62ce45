// Gives host memory that a device can copy from and to while it computes, and says how much of it there is. Pinned
// memory cannot be swapped out; libtorch keeps what is given back for the next time. Before it: copy_stream.h,
// state_stack.h, weight_ring.h. After it: the host's memory (core/base/host_memory.h). Thread-safe.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <vector>

namespace ruyi {

// Returns memory for `device`, pinned where that is a GPU. Copies from and to it must be over before it goes: on a
// device that has failed, it is not given back. Throws OutOfHostMemory where the GPU's driver or the machine does not
// give it, also once all that was kept has been given back to the machine; std::bad_alloc on a CPU.
at::Tensor EmptyOnHost(at::IntArrayRef sizes, c10::ScalarType type, c10::Device device);

// Returns the bytes that EmptyOnHost takes for so many: for a GPU libtorch rounds them up to a power of two.
int64_t BytesOnHost(int64_t bytes, c10::Device device);

// Gives back to the machine what nobody uses of the pinned memory.
void ReleaseKeptHostMemory(c10::Device device);

// Returns the bytes of the host's memory that are pinned for `devices`, which are alike: what was taken for them and
// what libtorch keeps; none on a CPU.
int64_t PinnedHostBytes(const std::vector<c10::Device>& devices);

// Returns the bytes of the host's memory that a video on `devices`, which are alike, may take now: what can be had, and
// what it finds there: on GPUs PinnedHostBytes, on a CPU all that the process has in memory.
int64_t UsableHostBytes(const std::vector<c10::Device>& devices);

}  // namespace ruyi
