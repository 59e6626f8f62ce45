#include "core/request/quality_profile.h"

namespace ruyi {

QualityProfile ProfileOf(Quality quality) {
  switch (quality) {
    case Quality::kBalanced:
      return {.easy_cache = EasyCacheSettings(), .guidance_gate = {}};
    case Quality::kFast:
      return {.easy_cache = {{.threshold = 0.1}}, .guidance_gate = GuidanceGateSettings()};
    case Quality::kLossless:
      break;
  }
  return {};
}

QualityProfile ProfileFor(const GenerationRequest& request) {
  QualityProfile profile = ProfileOf(request.quality);
  if (request.easy_cache.has_value() || request.tea_cache.has_value())
    profile.easy_cache = request.easy_cache;
  if (request.guidance_gate.has_value() || request.tea_cache.has_value() || request.enhance.has_value())
    profile.guidance_gate = request.guidance_gate;
  return profile;
}

}  // namespace ruyi
