// The memory mode that a video begins in before the cost model is calibrated, when only the weights are known. Before
// it: ruyi_pipeline.h, which warms up and calibrates. After it: core/pipeline/step_down, which goes on where that was
// too much. A function without state; thread-safe.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/plan/cost_model.h"
#include "core/plan/generation_plan.h"

namespace ruyi {

// Lets `plan` begin in the mode with the most weights on the device that fit `available_bytes`, and fall back to all
// with less; last of all to the fewest states, too. FAILED_PRECONDITION VRAM_BUDGET: not even the least weights fit.
absl::Status StartWithLargest(const CostModel& costs, int64_t available_bytes, GenerationPlan& plan);

}  // namespace ruyi
