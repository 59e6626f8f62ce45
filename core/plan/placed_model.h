// Says how the model lies now, which is what a change to another memory mode begins from. Before it: core/pipeline,
// which knows. After it: core/plan/cost_model, which predicts what the change takes. A value.
#pragma once

#include <cstdint>
#include <optional>

#include "core/plan/memory_mode.h"
#include "core/request/generation_request.h"

namespace ruyi {

struct PlacedModel {
  std::optional<MemoryMode> mode;  // of the last video; absent: the transformer does not lie on the device
  Fp8Settings fp8;                 // of its weights
  int64_t pinned_bytes = 0;        // of the host's memory, in use or kept: streamed weights need not pin it again
};

}  // namespace ruyi
