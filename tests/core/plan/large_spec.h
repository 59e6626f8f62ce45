// A spec whose numbers are round with the facts of tests/support/test_costs.h: 768 × 512 pixels, 120 frames, three
// steps with guidance. A value; thread-safe.
#pragma once

#include "tests/support/test_costs.h"
#include "tests/support/test_plan.h"

namespace ruyi {

inline constexpr int64_t kLargeTokens = 30 * 32 * 48;
inline constexpr int64_t kTokensMib = 45;    // of the features of all tokens of one branch
inline constexpr int64_t kPassMib = 450;     // of a pass of one branch
inline constexpr int64_t kPictureMib = 384;  // of encoding or decoding a chunk

inline VideoSpec LargeSpec() {
  VideoSpec spec = TestSpec();
  spec.size = {.width = 768, .height = 512};
  spec.frame_count = 120;
  spec.latents = {.channels = 16, .frames = 30, .height = 64, .width = 96};
  return spec;
}

}  // namespace ruyi
