// Chooses the memory mode that a video is made in, the fastest that fits the memory of device and host, and says why.
// Before it: a spec, as it is planned or as a worker takes its job. After it: the worker's Placement, or the answer to
// a caller who only asks. Functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plan/cost_model.h"
#include "core/plan/memory_budget.h"
#include "core/plan/placement.h"
#include "core/plan/prediction.h"
#include "core/plan/video_spec.h"

namespace ruyi {

// One mode, and whether it may be used.
struct ModeEstimate {
  Prediction prediction;
  bool fits = false;
  bool fits_host = false;  // whether the host's memory is enough, whatever the device has
  std::string reason;      // "takes 22893 of 24576 MiB, in denoising"
};

struct Admission {
  int64_t budget_bytes = 0;       // of the device
  int64_t host_budget_bytes = 0;  // of the host
  // Fastest first, with the change from how the model lies now where the policy is kAuto, else without. Of those that
  // fit the host's memory, none takes as long as another one and more of the device's; those that do not are there
  // where they would be worth having.
  std::vector<ModeEstimate> modes;
  std::optional<size_t> chosen;  // index into `modes`; absent: none fits
  std::string reason;            // of the choice, or of its absence
};

// Looks at every mode that the spec's memory settings allow. `budget`: what device and host have for the video at most;
// the ceilings in the settings count too. Settings that ask for more blocks or states than the model has mean all of
// them. kAuto takes the mode in which the video is there first, the change to that mode included, so that a short video
// is made as the model lies now; the other policies name a mode, whatever the change to it takes.
Admission Admit(const CostModel& costs, const VideoSpec& spec, const MemoryBudget& budget);

// Returns the chosen mode, and all smaller ones that fit the host's memory, to fall back to. Where none was chosen, the
// placement has no prediction.
Placement PlacementOf(const Admission& admission);

// Returns the mode that Admit chooses, and all smaller ones to fall back to. Errors: those of NothingFits.
absl::StatusOr<Placement> Place(const CostModel& costs, const VideoSpec& spec, const MemoryBudget& available);

// Does the same for a video that was begun in the mode `before`. Where any fits, it takes one in which the autoencoder
// goes by slabs as it did there, or as a whole as it did there: the other way rounds otherwise on a GPU, and the bytes
// that readers have must come again.
absl::StatusOr<Placement> PlaceAgain(const CostModel& costs, const VideoSpec& spec, const MemoryBudget& available,
                                     const MemoryMode& before);

// Returns FAILED_PRECONDITION, which says why none of the modes fits and what each takes: HOST_MEMORY where the device
// would have had the memory for one that the policy may choose, else VRAM_BUDGET.
absl::Status NothingFits(const Admission& admission);

}  // namespace ruyi
