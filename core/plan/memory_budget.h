// Says how much memory a video may take, that of the device and that of the host beside it, and how the model lies
// there now. Before it: core/pipeline, which asks for all of it. After it: core/plan/admission. A value.
#pragma once

#include <cstdint>
#include <limits>

#include "core/plan/placed_model.h"

namespace ruyi {

struct MemoryBudget {
  int64_t device_bytes = 0;                                  // the model's weights included
  int64_t host_bytes = std::numeric_limits<int64_t>::max();  // on a CPU, the device's included: they are the same
  PlacedModel placed;
};

}  // namespace ruyi
