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
std::vector<Prediction> ModesByWeights(const CostModel& costs, const VideoSpec& spec) {
  std::vector<Prediction> predictions;
  for (const MemoryMode& mode : costs.Modes(spec)) {
    if (mode.resident_states == costs.facts().states)
      predictions.push_back(costs.Predict(spec, mode));
  }
  std::stable_sort(predictions.begin(), predictions.end(),
                   [](const Prediction& a, const Prediction& b) { return WeightBytesOf(a) > WeightBytesOf(b); });
  MemoryMode smallest = predictions.back().mode;
  smallest.resident_states = 1;
  predictions.push_back(costs.Predict(spec, smallest));
  return predictions;
}

}  // namespace

absl::StatusOr<Placement> StartWithLargest(const CostModel& costs, const VideoSpec& spec, int64_t available_bytes) {
  const std::vector<Prediction> modes = ModesByWeights(costs, spec);
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
  return Placement{.prediction = *first, .fallbacks = {first + 1, modes.end()}, .budget_bytes = available_bytes};
}

}  // namespace ruyi
