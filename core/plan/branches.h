// Says how many branches of guidance a video has, and which device computes them. Before it: a spec. After it: the cost
// model, and core/pipeline, which computes so. Functions without state; thread-safe.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/plan/video_spec.h"

namespace ruyi {

// Returns true when the video is guided: each step predicts without the condition and with it. At a scale of 1 or below
// only the prediction with the condition is computed.
inline bool IsGuided(const VideoSpec& spec) {
  return spec.guidance_scale > 1.0;
}

// Returns true when a second device computes one of the branches. TeaCache and Enhance-A-Video look at both branches
// together, so with them one device computes both.
inline bool UsesSecondDevice(const VideoSpec& spec, int devices) {
  return devices == 2 && IsGuided(spec) && !spec.tea_cache.has_value() && !spec.enhance.has_value();
}

// Returns after how many of the `calls` calls of the transformer the guidance gate closes: that many, at least one,
// compute both branches, and those after them only the branch with the condition. All of them without a gate, or
// without guidance.
inline int CallsBeforeGate(const VideoSpec& spec, int calls) {
  if (!spec.guidance_gate.has_value() || !IsGuided(spec))
    return calls;
  return std::max(1, static_cast<int>(std::lround(spec.guidance_gate->start_ratio * calls)));
}

// Returns how many branches go through one device.
inline int BranchesPerDevice(const VideoSpec& spec, int devices) {
  return IsGuided(spec) && !UsesSecondDevice(spec, devices) ? 2 : 1;
}

}  // namespace ruyi
