// ValidatedRequest → GenerationPlan: pixel size, latent shape, seed, memory mode. Before it: core/request/validate.
// After it: core/job. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "core/plan/admission.h"
#include "core/plan/cost_model.h"
#include "core/plan/generation_plan.h"
#include "core/request/limits.h"
#include "core/request/validate.h"

namespace ruyi {

inline constexpr int kFramesPerSecond = 24;  // fixed by the model

// What a request would get, without a job.
struct Estimate {
  GenerationPlan plan;  // with the mode that was chosen, where there is one
  Admission admission;
};

class Planner {
 public:
  struct Parts {
    RequestLimits limits;
    std::function<uint64_t()> draw_seed;  // for requests that bring none
    std::shared_ptr<const CostModel> costs;
    std::function<int64_t()> available_bytes;  // that the device has now for a video, weights included
  };
  explicit Planner(Parts parts) : parts_(std::move(parts)) {}

  // INVALID_ARGUMENT: field start_images[0], when the bucket of the first picture is a size that the model does not
  // take; fields memory.*, see Admit. FAILED_PRECONDITION VRAM_BUDGET: no memory mode fits, see NothingFits.
  absl::StatusOr<GenerationPlan> Plan(ValidatedRequest request) const;

  // The same without the refusal for memory; for a device that has `budget_bytes`, or for this one now.
  absl::StatusOr<Estimate> EstimateFor(ValidatedRequest request, std::optional<int64_t> budget_bytes) const;

 private:
  Parts parts_;
};

}  // namespace ruyi
