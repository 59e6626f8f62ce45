// Chooses the memory mode that a video begins in before the cost model is calibrated, when only the size of the weights
// is known. Before it: ruyi_pipeline.h, which warms up and calibrates. After it: core/pipeline/step_down, which goes on
// in a smaller mode where that one was too large. A function without state; thread-safe.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/plan/cost_model.h"
#include "core/plan/placement.h"
#include "core/plan/video_spec.h"

namespace ruyi {

// Returns the mode with the most weights on the device that fit `available_bytes`, and as fallbacks all modes with
// less; the last one has the fewest states, too. FAILED_PRECONDITION VRAM_BUDGET: not even the least weights fit.
absl::StatusOr<Placement> StartWithLargest(const CostModel& costs, const VideoSpec& spec, int64_t available_bytes);

}  // namespace ruyi
