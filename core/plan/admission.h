// Which memory mode a video is made in: the fastest that fits the budget, and why. Before it: core/plan/planner. After
// it: the plan, or the answer to a caller who only asks. Functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plan/cost_model.h"
#include "core/plan/prediction.h"
#include "core/request/generation_request.h"

namespace ruyi {

// One mode, and whether it may be used.
struct ModeEstimate {
  Prediction prediction;
  bool fits = false;
  std::string reason;  // "takes 22893 of 24576 MiB, in denoising"
};

struct Admission {
  int64_t budget_bytes = 0;
  std::vector<ModeEstimate> modes;  // fastest first; none that takes as long as another one and more memory
  std::optional<size_t> chosen;     // of `modes`; nothing: none fits
  std::string reason;               // of the choice, or of its absence
};

// Looks at every mode that `settings` allow. `budget_bytes`: what the device has for the video at most; the settings'
// own ceiling counts too. INVALID_ARGUMENT (fields memory.resident_blocks, memory.resident_states): more than the model
// has.
absl::StatusOr<Admission> Admit(const CostModel& costs, const GenerationPlan& plan, const MemorySettings& settings,
                                int64_t budget_bytes);

// FAILED_PRECONDITION VRAM_BUDGET: why none of the modes fits, each with what it takes.
absl::Status NothingFits(const Admission& admission);

}  // namespace ruyi
