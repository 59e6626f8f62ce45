// Says which settings each quality stands for. The numbers were chosen by measurement (docs/performance.md). Before it:
// a request. After it: core/request/validate, which fills them in; GetCapabilities, which shows them. Functions without
// state; thread-safe.
#pragma once

#include <optional>

#include "core/request/generation_request.h"

namespace ruyi {

// The settings that a quality may fill in.
struct QualityProfile {
  std::optional<EasyCacheSettings> easy_cache;
  std::optional<GuidanceGateSettings> guidance_gate;
};

QualityProfile ProfileOf(Quality quality);

// Returns the profile that the request has in the end: its own settings, and where it has none those of its quality,
// but for what contradicts other settings of its own.
QualityProfile ProfileFor(const GenerationRequest& request);

}  // namespace ruyi
