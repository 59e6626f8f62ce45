// How far the work on a plan is. Before it: core/pipeline, which reports it. After it: core/job's events. A value.
#pragma once

#include <vector>

namespace ruyi {

enum class Phase { kConditioning, kDenoising, kDecoding };

// Each phase begins with a report of done = 0.
struct Progress {
  Phase phase = Phase::kConditioning;
  int done = 0;                    // units of this phase that are finished: encoder chunks, denoising steps, frames
  int total = 0;                   // units of this phase
  std::vector<int> skipped_steps;  // denoising steps, from 1, that TeaCache has left out so far
};

}  // namespace ruyi
