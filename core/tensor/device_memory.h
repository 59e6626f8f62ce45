// Measures how much of a device's memory tensors take, and how much there is: on a GPU as libtorch's allocator counts
// it, on a CPU as tensors are made and freed. Before it: device.h. After it: core/pipeline/ruyi. Functions are
// thread-safe; a MemoryMeter belongs to one thread, the one that computes.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <memory>

#include "absl/status/status.h"

namespace ruyi {

// Returns the bytes that tensors on `device` may take: those that they take now, those that the allocator keeps at
// hand, and those that are free, as far as SetMemoryLimit allows. For a CPU it is all the memory that the process may
// have (core/base/host_memory.h).
int64_t UsableBytes(c10::Device device);

// Lets tensors on `device`, a GPU, take at most `bytes`; more fails as out of memory even where there is some. The
// memory of a CPU has no limit. INTERNAL: the GPU cannot be asked.
absl::Status SetMemoryLimit(c10::Device device, int64_t bytes);

// Gives back what the allocator keeps at hand, and finds out whether `device` still computes. INTERNAL with the reason
// GPU_FAULT: it does not. Blocks until all work that was given to the device is done.
absl::Status CleanDevice(c10::Device device);

// Measures the most bytes that tensors take at once: on a GPU all tensors of the process, on a CPU those that this
// thread has made since the meter was made.
class MemoryMeter {
 public:
  explicit MemoryMeter(c10::Device device);
  MemoryMeter(const MemoryMeter&) = delete;
  MemoryMeter& operator=(const MemoryMeter&) = delete;
  ~MemoryMeter();

  // Returns the bytes at the highest point since the last call, or since the meter was made.
  int64_t TakePeak();

 private:
  class HostMeter;

  c10::Device device_;
  std::shared_ptr<HostMeter> host_meter_;  // of a CPU
};

}  // namespace ruyi
