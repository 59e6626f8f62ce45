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
std::vector<Prediction> ModesByWeights(const CostModel& costs, const VideoSpec& spec, bool in_slabs) {
  std::vector<Prediction> predictions;
  for (MemoryMode mode : costs.Modes(spec)) {
    mode.autoencoder_in_slabs = in_slabs;
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

absl::Status WeightsDoNotFit(int64_t least_bytes, const MemoryBudget& available) {
  return ErrorWithReason(
      absl::StatusCode::kFailedPrecondition,
      absl::StrFormat("the model's weights alone take %d MiB with all that can be streamed in the host's memory, and "
                      "there are %d: raise --vram-budget, load weights in 8 bits with --fp8, or use a larger GPU",
                      MibOf(least_bytes), MibOf(available.device_bytes)),
      reason::kVramBudget);
}

absl::Status HostIsTooSmall(int64_t least_bytes, const MemoryBudget& available) {
  return ErrorWithReason(
      absl::StatusCode::kFailedPrecondition,
      absl::StrFormat("with what fits the device there, the rest of the model takes %d MiB of the host's memory, and "
                      "there are %d: give the server more memory, load weights in 8 bits with --fp8, or use a larger "
                      "GPU",
                      MibOf(least_bytes), MibOf(available.host_bytes)),
      reason::kHostMemory);
}

}  // namespace

absl::StatusOr<Placement> StartWithLargest(const CostModel& costs, const VideoSpec& spec, const MemoryBudget& available,
                                           bool in_slabs) {
  std::vector<Prediction> modes = ModesByWeights(costs, spec, in_slabs);
  const int64_t least_bytes = WeightBytesOf(modes.back());
  const auto is_too_large = [&](const Prediction& mode) { return WeightBytesOf(mode) > available.device_bytes; };
  modes.erase(std::remove_if(modes.begin(), modes.end(), is_too_large), modes.end());
  if (modes.empty())
    return WeightsDoNotFit(least_bytes, available);
  const int64_t least_host_bytes = modes.front().host_bytes;
  const auto is_too_large_for_host = [&](const Prediction& mode) { return mode.host_bytes > available.host_bytes; };
  modes.erase(std::remove_if(modes.begin(), modes.end(), is_too_large_for_host), modes.end());
  if (modes.empty())
    return HostIsTooSmall(least_host_bytes, available);
  return Placement{.prediction = modes.front(),
                   .fallbacks = {modes.begin() + 1, modes.end()},
                   .budget_bytes = available.device_bytes};
}

}  // namespace ruyi
