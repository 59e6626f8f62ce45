#include "core/plan/smallest_video.h"

#include <algorithm>
#include <limits>

namespace ruyi {
namespace {

PixelSize SmallestSize(const RequestLimits& limits) {
  if (limits.sizes.empty()) {
    const int side = (limits.min_side + limits.size_multiple - 1) / limits.size_multiple * limits.size_multiple;
    return {.width = side, .height = side};
  }
  return *std::min_element(limits.sizes.begin(), limits.sizes.end(), [](const PixelSize& a, const PixelSize& b) {
    return a.width * a.height < b.width * b.height;
  });
}

VideoSpec SmallestVideo(const ModelFacts& facts, const RequestLimits& limits) {
  VideoSpec spec;
  spec.size = SmallestSize(limits);
  spec.start_pictures = {PictureRef()};
  spec.frame_count = limits.frame_count.min;
  spec.latents = LatentsOf(spec.size, spec.frame_count, facts.geometry);
  spec.steps = limits.steps.min;
  spec.guidance_scale = limits.guidance_scale.min;
  spec.fp8 = facts.fp8;
  return spec;
}

}  // namespace

int64_t LeastDeviceBytes(const CostModel& costs, const RequestLimits& limits) {
  const VideoSpec spec = SmallestVideo(costs.facts(), limits);
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const MemoryMode& mode : costs.Modes(spec))
    least = std::min(least, costs.Predict(spec, mode).peak_bytes());
  return least;
}

}  // namespace ruyi
