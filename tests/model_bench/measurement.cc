#include "tests/model_bench/measurement.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>

#include <algorithm>
#include <fstream>

#include "core/tensor/device.h"

namespace ruyi::bench {
namespace {

constexpr double kBytesPerMib = 1 << 20;
constexpr auto kTotal = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);

}  // namespace

double MibOf(int64_t bytes) {
  return static_cast<double>(bytes) / kBytesPerMib;
}

double Median(std::vector<double> values) {
  if (values.empty())
    return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Stopwatch::Stopwatch(c10::Device device) : device_(device) {
  Lap();
}

double Stopwatch::Lap() {
  AwaitDevice(device_);
  const auto now = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - last_).count();
  last_ = now;
  return seconds;
}

void ResetPeaks(c10::Device device) {
  if (device.is_cpu())
    return;
  at::globalContext().lazyInitDevice(device.type());  // this may be the first use of a GPU
  at::accelerator::resetPeakStats(device.index());
}

void ReadMemory(c10::Device device, Measurement& measurement) {
  if (device.is_cpu()) {
    if (measurement.peak_mib == 0)
      measurement.peak_mib = ProcessMib("VmHWM");
    return;
  }
  const auto stats = at::accelerator::getDeviceStats(device.index());
  measurement.peak_mib = std::max(measurement.peak_mib, MibOf(stats.allocated_bytes[kTotal].peak));
  measurement.reserved_mib = MibOf(stats.reserved_bytes[kTotal].peak);
}

double ProcessMib(std::string_view name) {
  constexpr double kKibPerMib = 1024;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name) && line.substr(name.size(), 1) == ":")
      return std::stod(line.substr(name.size() + 1)) / kKibPerMib;
  }
  return 0;
}

}  // namespace ruyi::bench
