// Says how far the work on a video is. Before it: core/pipeline, which reports it. After it: core/job's events. A
// value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/plan/memory_mode.h"
#include "core/plan/prediction.h"

namespace ruyi {

// The phases of a video, in which callers are told how far it is. Costs are told by Stage (core/plan/prediction.h).
enum class Phase { kConditioning, kDenoising, kDecoding };
inline constexpr int kPhases = 3;

// Each phase begins with a report of done = 0, but for the denoising of a run that goes on from a checkpoint: its first
// report says what the checkpoint holds, with the steps that were left out before it.
struct Progress {
  Phase phase = Phase::kConditioning;
  int done = 0;                    // units of this phase that are finished: encoder chunks, denoising steps, frames
  int total = 0;                   // units of this phase
  std::vector<int> skipped_steps;  // denoising steps, from 1, that a cache has left out so far
};

// Says how a video was made.
struct GenerationReport {
  MemoryMode mode;         // the last one that was tried, in which the video was made
  int64_t peak_bytes = 0;  // of the device, measured
  StageCosts stages;       // measured
  int retries = 0;         // in smaller modes
};

// Says that the device's memory ran out, and that the work begins anew in a mode that takes less. Frames that were
// given are not given again.
struct Retry {
  MemoryMode from;
  MemoryMode to;
  std::string reason;  // what ran out
};

}  // namespace ruyi
