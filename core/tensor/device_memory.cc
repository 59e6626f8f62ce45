#include "core/tensor/device_memory.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/zeros.h>
#include <c10/core/Allocator.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/exception_guard.h"
#include "core/base/host_memory.h"
#include "core/tensor/device.h"

namespace ruyi {
namespace {

constexpr auto kTotal = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);

}  // namespace

int64_t UsableBytes(c10::Device device) {
  if (device.is_cpu())
    return ReadHostMemory().total_bytes;
  const auto stats = at::accelerator::getDeviceStats(device.index());
  const auto [free, total] = at::accelerator::getMemoryInfo(device.index());
  const int64_t reachable = static_cast<int64_t>(free) + stats.reserved_bytes[kTotal].current;
  const double fraction = c10::cuda::CUDACachingAllocator::getMemoryFraction(device.index());
  return std::min(reachable, static_cast<int64_t>(fraction * static_cast<double>(total)));
}

absl::Status SetMemoryLimit(c10::Device device, int64_t bytes) {
  if (device.is_cpu())
    return absl::OkStatus();
  return GuardExceptions("limiting the GPU's memory", [&] {
    at::globalContext().lazyInitDevice(device.type());  // nobody may have used a GPU before
    const auto [free, total] = at::accelerator::getMemoryInfo(device.index());
    const double fraction = std::min(1.0, static_cast<double>(bytes) / static_cast<double>(total));
    c10::cuda::CUDACachingAllocator::setMemoryFraction(fraction, device.index());
  });
}

absl::Status CleanDevice(c10::Device device) {
  if (device.is_cpu())
    return absl::OkStatus();
  const absl::Status status = GuardExceptions("cleaning the GPU", [&] {
    AwaitDevice(device);
    at::accelerator::emptyCache();
    at::zeros({1}, at::TensorOptions(device).dtype(at::kFloat)).add_(1).item<float>();
  });
  if (status.ok())
    return status;
  return ErrorWithReason(absl::StatusCode::kInternal,
                         absl::StrCat("the GPU does not compute any more: ", std::string(status.message())),
                         reason::kGpuFault);
}

// Is told of every block that the host's allocator gives and takes back on this thread.
class MemoryMeter::HostMeter final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void* block, int64_t bytes, size_t, size_t, c10::Device) override {
    if (bytes > 0) {
      blocks_[block] = bytes;
      Add(bytes);
    } else if (const auto found = blocks_.find(block); found != blocks_.end()) {
      Add(-found->second);
      blocks_.erase(found);
    }
  }

  bool memoryProfilingEnabled() const override { return true; }

  int64_t TakePeak() { return std::exchange(peak_bytes_, bytes_); }

 private:
  void Add(int64_t bytes) {
    bytes_ += bytes;
    peak_bytes_ = std::max(peak_bytes_, bytes_);
  }

  std::map<void*, int64_t> blocks_;
  int64_t bytes_ = 0;
  int64_t peak_bytes_ = 0;
};

MemoryMeter::MemoryMeter(c10::Device device) : device_(device) {
  if (device.is_cpu()) {
    host_meter_ = std::make_shared<HostMeter>();
    c10::ThreadLocalDebugInfo::_push(c10::DebugInfoKind::PROFILER_STATE, host_meter_);
    return;
  }
  at::accelerator::resetPeakStats(device.index());
}

MemoryMeter::~MemoryMeter() {
  if (host_meter_ != nullptr)
    c10::ThreadLocalDebugInfo::_pop(c10::DebugInfoKind::PROFILER_STATE);
}

int64_t MemoryMeter::TakePeak() {
  if (host_meter_ != nullptr)
    return host_meter_->TakePeak();
  const int64_t peak = at::accelerator::getDeviceStats(device_.index()).allocated_bytes[kTotal].peak;
  at::accelerator::resetPeakStats(device_.index());
  return peak;
}

}  // namespace ruyi
