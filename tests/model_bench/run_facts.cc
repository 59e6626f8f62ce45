#include "tests/model_bench/run_facts.h"

#include <dlfcn.h>

#include <array>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/tensor/device.h"

namespace ruyi::bench {
namespace {

// Asks the library that comes with the driver, as nvidia-smi does. Its two functions return 0 when they succeed.
std::string DriverVersion() {
  void* nvml = dlopen("libnvidia-ml.so.1", RTLD_NOW);
  if (nvml == nullptr)
    return "";
  const auto start = reinterpret_cast<int (*)()>(dlsym(nvml, "nvmlInit_v2"));
  const auto version = reinterpret_cast<int (*)(char*, unsigned)>(dlsym(nvml, "nvmlSystemGetDriverVersion"));
  std::array<char, 81> text = {};
  const bool is_known =
      start != nullptr && version != nullptr && start() == 0 && version(text.data(), text.size() - 1) == 0;
  return is_known ? text.data() : "";
}

}  // namespace

RunFacts FactsOf(c10::Device device) {
  return {.version = RUYI_VERSION,
          .device = DescriptionOf(device),
          .driver = device.is_cpu() ? "" : DriverVersion(),
          .torch = RUYI_TORCH,
          .date = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now(), absl::UTCTimeZone())};
}

}  // namespace ruyi::bench
