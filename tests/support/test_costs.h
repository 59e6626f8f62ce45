// A cost model of round numbers. Before it: a test or the fake pipeline. After it: core/plan. Values; thread-safe.
#pragma once

#include <memory>

#include "core/plan/cost_model.h"

namespace ruyi {

inline constexpr int64_t kTestMib = 1 << 20;

// Four blocks of `block_mib` MiB each, as `mode` stores them.
inline StoredWeights TestWeights(Fp8Mode mode, int64_t block_mib) {
  const int64_t block = block_mib * kTestMib;
  return {.fp8 = {.mode = mode},
          .weight_bytes = {2 * block, 3 * block, 4 * block, 5 * block, 4 * block},
          .ring_bytes = {4 * block, 3 * block, 2 * block, block, 0}};
}

// Four blocks of 1000 MiB each, of which two pass through the device when not all stay there, from as many MiB of the
// host's memory, and which FP8 makes smaller; three states; 100 MiB of autoencoder and CLIP.
inline ModelFacts TestFacts() {
  return {.geometry = {},
          .tiles = {.side = 384, .overlap = 0.25},
          .blocks = 4,
          .states = 3,
          .heads = 2,
          .patch_size = 2,
          .token_bytes = 1024,
          .condition_bytes = 0,
          .call_condition_bytes = 0,
          .ring_bytes = {4000 * kTestMib, 3000 * kTestMib, 2000 * kTestMib, 1000 * kTestMib, 0},
          .weight_bytes = {2000 * kTestMib, 3000 * kTestMib, 4000 * kTestMib, 5000 * kTestMib, 4000 * kTestMib},
          .instead = {TestWeights(Fp8Mode::kLite, 750), TestWeights(Fp8Mode::kStrong, 500),
                      TestWeights(Fp8Mode::kExtreme, 250)},
          .other_weight_bytes = 100 * kTestMib};
}

// A token takes 10 KiB and a millisecond, a pixel 1 KiB and a microsecond.
inline Calibration TestCalibration() {
  return {.step = {.bytes = {.linear = 10240}, .seconds = {.linear = 1e-3}},
          .encode = {.bytes = {.linear = 1024}, .seconds = {.linear = 1e-6}},
          .decode = {.bytes = {.linear = 1024}, .seconds = {.linear = 1e-6}},
          .clip_bytes = 10.0 * kTestMib,
          .clip_seconds = 0.5};
}

inline std::shared_ptr<const CostModel> TestCosts() {
  return std::make_shared<const CostModel>(TestFacts(), TestCalibration());
}

}  // namespace ruyi
