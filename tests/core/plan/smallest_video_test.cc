#include "core/plan/smallest_video.h"

#include <gtest/gtest.h>

#include "core/plan/admission.h"
#include "tests/support/test_costs.h"

namespace ruyi {
namespace {

TEST(LeastDeviceBytes, AreWhatTheSmallestVideoTakesInTheSmallestMode) {
  const int64_t least = LeastDeviceBytes(*TestCosts(), {});
  EXPECT_GT(least, 2100 * kTestMib);  // the slots of two blocks, and autoencoder and CLIP
  EXPECT_LT(least, 3000 * kTestMib);
}

// The sides of a list count in the place of the range; a smaller picture takes less.
TEST(LeastDeviceBytes, GoByTheSizesThatTheModelTakes) {
  RequestLimits few;
  few.sizes = {{.width = 896, .height = 512}, {.width = 640, .height = 640}};
  RequestLimits more = few;
  more.sizes.push_back({.width = 128, .height = 96});
  EXPECT_LT(LeastDeviceBytes(*TestCosts(), more), LeastDeviceBytes(*TestCosts(), few));
  EXPECT_LT(LeastDeviceBytes(*TestCosts(), {}), LeastDeviceBytes(*TestCosts(), few));
}

TEST(LeastDeviceBytes, AreEnoughForOneVideoAndOneByteLessIsNot) {
  RequestLimits limits;
  const int64_t least = LeastDeviceBytes(*TestCosts(), limits);
  VideoSpec spec;
  spec.size = {.width = limits.min_side, .height = limits.min_side};
  spec.start_pictures = {PictureRef()};
  spec.frame_count = limits.frame_count.min;
  spec.latents = LatentsOf(spec.size, spec.frame_count, TestFacts().geometry);
  spec.steps = 1;
  spec.guidance_scale = 1;
  EXPECT_TRUE(Admit(*TestCosts(), spec, {.device_bytes = least}).chosen.has_value());
  EXPECT_FALSE(Admit(*TestCosts(), spec, {.device_bytes = least - 1}).chosen.has_value());
}

}  // namespace
}  // namespace ruyi
