#include "core/pipeline/ruyi/first_mode.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

int64_t WeightBytesOf(const Prediction& mode) {
  return mode.Of(Stage::kLoad).peak_bytes;
}

// The most weights first; the last one has the fewest states too.
std::vector<Prediction> ModesByWeights(const CostModel& costs, const GenerationPlan& plan) {
  std::vector<Prediction> predictions;
  for (const MemoryMode& mode : costs.Modes(plan)) {
    if (mode.resident_states == costs.facts().states)
      predictions.push_back(costs.Predict(plan, mode));
  }
  std::stable_sort(predictions.begin(), predictions.end(),
                   [](const Prediction& a, const Prediction& b) { return WeightBytesOf(a) > WeightBytesOf(b); });
  MemoryMode smallest = predictions.back().mode;
  smallest.resident_states = 1;
  predictions.push_back(costs.Predict(plan, smallest));
  return predictions;
}

}  // namespace

absl::Status StartWithLargest(const CostModel& costs, int64_t available_bytes, GenerationPlan& plan) {
  const std::vector<Prediction> modes = ModesByWeights(costs, plan);
  const auto first = std::find_if(modes.begin(), modes.end(),
                                  [&](const Prediction& mode) { return WeightBytesOf(mode) <= available_bytes; });
  if (first == modes.end()) {
    return ErrorWithReason(
        absl::StatusCode::kFailedPrecondition,
        absl::StrFormat("the model's weights alone take %d MiB with all that can be streamed in the host's memory, and "
                        "there are %d: raise --vram-budget, load weights in 8 bits with --fp8, or use a larger GPU",
                        MibOf(WeightBytesOf(modes.back())), MibOf(available_bytes)),
        reason::kVramBudget);
  }
  plan.prediction = *first;
  plan.fallbacks.assign(first + 1, modes.end());
  return absl::OkStatus();
}

}  // namespace ruyi
