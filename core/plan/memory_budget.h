// Says how much memory a video may take: that of the device, and that of the host beside it. Before it: core/pipeline,
// which asks both. After it: core/plan/admission. A value.
#pragma once

#include <cstdint>
#include <limits>

namespace ruyi {

struct MemoryBudget {
  int64_t device_bytes = 0;                                  // the model's weights included
  int64_t host_bytes = std::numeric_limits<int64_t>::max();  // on a CPU, the device's included: they are the same
};

}  // namespace ruyi
