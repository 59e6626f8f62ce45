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

// By stage.
using StageCosts = std::array<StageCost, kStages>;

// The stage that takes the most memory.
Stage LargestOf(const StageCosts& costs);

struct Prediction {
  MemoryMode mode;
  StageCosts stages;
  double raise = 1;  // of the peaks, beside the weights: what the cost model had learnt by then

  const StageCost& Of(Stage stage) const { return stages[static_cast<int>(stage)]; }
  StageCost& Of(Stage stage) { return stages[static_cast<int>(stage)]; }

  // The stage that takes the most memory, and what it takes.
  Stage largest() const { return LargestOf(stages); }
  int64_t peak_bytes() const { return Of(largest()).peak_bytes; }

  // Of all stages.
  double seconds() const;
};

}  // namespace ruyi
