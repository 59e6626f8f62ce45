// Holds the time and memory that making a video will take in some memory mode. Before it: core/plan/cost_model. After
// it: core/plan/admission, the placement and what callers are told. A value.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/plan/memory_mode.h"

namespace ruyi {

// The stages of the work on the device, in their order: what costs are predicted and measured by. Callers are told of
// progress in phases (core/plan/progress.h), and the first phase, conditioning, has the first three stages.
enum class Stage { kLoad, kEncode, kClip, kDenoise, kDecode };
inline constexpr int kStages = 5;

// Returns "loading the weights", "encoding", "CLIP", "denoising" or "decoding".
std::string_view NameOf(Stage stage);

struct StageCost {
  int64_t peak_bytes = 0;  // of the device, the weights included
  double seconds = 0;
};

// Returns MiB, rounded up, so that a number over a budget is seen to be over it.
int64_t MibOf(int64_t bytes);

int64_t BytesOfMib(int64_t mib);

// The costs of each stage, by its number.
using StageCosts = std::array<StageCost, kStages>;

inline const StageCost& CostOf(const StageCosts& costs, Stage stage) {
  return costs[static_cast<int>(stage)];
}
inline StageCost& CostOf(StageCosts& costs, Stage stage) {
  return costs[static_cast<int>(stage)];
}

// Return the stage that takes the most memory, and what it takes.
Stage LargestOf(const StageCosts& costs);
int64_t PeakBytesOf(const StageCosts& costs);

struct Prediction {
  MemoryMode mode;
  StageCosts stages;
  int64_t host_bytes = 0;  // of the host's memory at most; on a CPU what lies on the device too
  double raise = 1;        // of the peaks without the weights, as the cost model had learnt it by then

  const StageCost& Of(Stage stage) const { return CostOf(stages, stage); }
  StageCost& Of(Stage stage) { return CostOf(stages, stage); }

  // Return the stage that takes the most memory, and what it takes.
  Stage largest() const { return LargestOf(stages); }
  int64_t peak_bytes() const { return PeakBytesOf(stages); }

  // Returns the time of all stages together.
  double seconds() const;
};

}  // namespace ruyi
