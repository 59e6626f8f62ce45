// Chooses the memory mode that a video is made in, the fastest that fits the budget, and says why. Before it: a spec,
// as it is planned or as a worker takes its job. After it: the worker's Placement, or the answer to a caller who only
// asks. Functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plan/cost_model.h"
#include "core/plan/placement.h"
#include "core/plan/prediction.h"
#include "core/plan/video_spec.h"

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
  std::optional<size_t> chosen;     // index into `modes`; absent: none fits
  std::string reason;               // of the choice, or of its absence
};

// Looks at every mode that the spec's memory settings allow. `budget_bytes`: what the device has for the video at most;
// the ceiling in the settings counts too. Settings that ask for more blocks or states than the model has mean all of
// them.
Admission Admit(const CostModel& costs, const VideoSpec& spec, int64_t budget_bytes);

// Returns the chosen mode, and all smaller ones to fall back to. Where none was chosen, the placement has no
// prediction.
Placement PlacementOf(const Admission& admission);

// Returns the mode that Admit chooses, and all smaller ones to fall back to. Errors: those of NothingFits.
absl::StatusOr<Placement> Place(const CostModel& costs, const VideoSpec& spec, int64_t available_bytes);

// Returns FAILED_PRECONDITION VRAM_BUDGET, which says why none of the modes fits and what each takes.
absl::Status NothingFits(const Admission& admission);

}  // namespace ruyi
