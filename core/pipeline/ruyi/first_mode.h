// Chooses the memory mode that a video begins in before the cost model is calibrated, when only the size of the weights
// is known. Before it: ruyi_pipeline.h, which warms up and calibrates. After it: core/pipeline/step_down, which goes on
// in a smaller mode where that one was too large. A function without state; thread-safe.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/plan/cost_model.h"
#include "core/plan/memory_budget.h"
#include "core/plan/placement.h"
#include "core/plan/video_spec.h"

namespace ruyi {

// Returns the mode with the most weights on the device that fit what is available there, and as fallbacks all modes
// with less; the last one has the fewest states, too. `in_slabs`: whether the autoencoder goes by slabs. Modes that do
// not fit the host's memory are left out. FAILED_PRECONDITION VRAM_BUDGET: not even the least weights fit; HOST_MEMORY:
// those that do take too much of the host's memory.
absl::StatusOr<Placement> StartWithLargest(const CostModel& costs, const VideoSpec& spec, const MemoryBudget& available,
                                           bool in_slabs = false);

}  // namespace ruyi
