#include "core/plan/prediction.h"

#include <algorithm>
#include <numeric>

namespace ruyi {
namespace {

constexpr int64_t kMib = 1 << 20;

}  // namespace

std::string_view NameOf(Stage stage) {
  constexpr std::array<std::string_view, kStages> kNames = {"loading the weights", "encoding", "CLIP", "denoising",
                                                            "decoding"};
  return kNames[static_cast<int>(stage)];
}

int64_t MibOf(int64_t bytes) {
  return bytes / kMib + (bytes % kMib == 0 ? 0 : 1);
}

int64_t BytesOfMib(int64_t mib) {
  return mib * kMib;
}

Stage LargestOf(const StageCosts& costs) {
  const auto most = std::max_element(
      costs.begin(), costs.end(), [](const StageCost& a, const StageCost& b) { return a.peak_bytes < b.peak_bytes; });
  return static_cast<Stage>(most - costs.begin());
}

int64_t PeakBytesOf(const StageCosts& costs) {
  return CostOf(costs, LargestOf(costs)).peak_bytes;
}

double Prediction::seconds() const {
  return std::accumulate(stages.begin(), stages.end(), 0.0,
                         [](double sum, const StageCost& cost) { return sum + cost.seconds; });
}

}  // namespace ruyi
