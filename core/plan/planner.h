// ValidatedRequest → GenerationPlan: pixel size, latent shape, seed. Before it: core/request/validate. After it:
// core/job. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "core/plan/generation_plan.h"
#include "core/request/limits.h"
#include "core/request/validate.h"

namespace ruyi {

inline constexpr int kFramesPerSecond = 24;  // fixed by the model

class Planner {
 public:
  // `draw_seed` gives the seed of requests that bring none.
  Planner(LatentGeometry geometry, RequestLimits limits, std::function<uint64_t()> draw_seed);

  // INVALID_ARGUMENT (field start_images[0]) when the bucket of the first picture is a size that the model does not
  // take.
  absl::StatusOr<GenerationPlan> Plan(ValidatedRequest request) const;

 private:
  LatentGeometry geometry_;
  RequestLimits limits_;
  std::function<uint64_t()> draw_seed_;
};

}  // namespace ruyi
