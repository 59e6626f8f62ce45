// What making a video will take in some memory mode. Before it: core/plan/cost_model. After it: core/plan/admission,
// the plan and what callers are told. A value.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/plan/memory_mode.h"

namespace ruyi {

// What the device does, in this order.
enum class Stage { kLoad, kClip, kEncode, kDenoise, kDecode };
inline constexpr int kStages = 5;

// "loading the weights", "CLIP", "encoding", "denoising", "decoding"
std::string_view NameOf(Stage stage);

struct StageCost {
  int64_t peak_bytes = 0;  // of the device, the weights included
  double seconds = 0;
};

// Rounded up, so that what is over a budget shows.
int64_t MibOf(int64_t bytes);

int64_t BytesOfMib(int64_t mib);

// By stage.
using StageCosts = std::array<StageCost, kStages>;

inline const StageCost& CostOf(const StageCosts& costs, Stage stage) {
  return costs[static_cast<int>(stage)];
}
inline StageCost& CostOf(StageCosts& costs, Stage stage) {
  return costs[static_cast<int>(stage)];
}

// The stage that takes the most memory, and what it takes.
Stage LargestOf(const StageCosts& costs);
int64_t PeakBytesOf(const StageCosts& costs);

struct Prediction {
  MemoryMode mode;
  StageCosts stages;
  double raise = 1;  // of the peaks, beside the weights: what the cost model had learnt by then

  const StageCost& Of(Stage stage) const { return CostOf(stages, stage); }
  StageCost& Of(Stage stage) { return CostOf(stages, stage); }

  // The stage that takes the most memory, and what it takes.
  Stage largest() const { return LargestOf(stages); }
  int64_t peak_bytes() const { return PeakBytesOf(stages); }

  // Of all stages.
  double seconds() const;
};

}  // namespace ruyi
