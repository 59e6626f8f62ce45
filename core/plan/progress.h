// How far the work on a plan is. Before it: core/pipeline, which reports it. After it: core/job's events. A value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/plan/memory_mode.h"
#include "core/plan/prediction.h"

namespace ruyi {

enum class Phase { kConditioning, kDenoising, kDecoding };

// Each phase begins with a report of done = 0.
struct Progress {
  Phase phase = Phase::kConditioning;
  int done = 0;                    // units of this phase that are finished: encoder chunks, denoising steps, frames
  int total = 0;                   // units of this phase
  std::vector<int> skipped_steps;  // denoising steps, from 1, that TeaCache has left out so far
};

// How a video was made.
struct GenerationReport {
  MemoryMode mode;         // the last one, that it was made in
  int64_t peak_bytes = 0;  // of the device, measured
  StageCosts stages;       // measured
  int retries = 0;         // in smaller modes
};

// The device's memory ran out, and the work begins anew in a mode that takes less. Frames that were given are not given
// again.
struct Retry {
  MemoryMode from;
  MemoryMode to;
  std::string reason;  // what ran out
};

}  // namespace ruyi
