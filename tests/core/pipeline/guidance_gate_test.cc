#include "core/pipeline/ruyi/guidance_gate.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/pipeline/ruyi/guidance.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

VideoSpec Gated(double start_ratio) {
  VideoSpec spec;
  spec.guidance_scale = 3;
  spec.guidance_gate = {.start_ratio = start_ratio};
  return spec;
}

at::Tensor Both(float without, float with) {
  return at::tensor({without, 0.f, with, 0.5f}).view({2, 1, 2});
}

at::Tensor One(float with) {
  return at::tensor({with, 0.5f}).view({1, 1, 2});
}

TEST(GuidanceGate, GuidesWithBothBranchesUntilItCloses) {
  GuidanceGate gate(Gated(0.5), 4);
  for (const int call : {0, 1}) {
    EXPECT_FALSE(gate.IsClosedAt(call));
    EXPECT_TRUE(at::equal(gate.Guide(Both(1, 2), call), Guide(Both(1, 2), 3, 0)));
  }
  EXPECT_TRUE(gate.IsClosedAt(2));
  EXPECT_TRUE(gate.IsClosedAt(3));
}

// Without the condition, 10 + 2 * (with - without of the last call with both) = 10 + 2 * (7 - 3).
TEST(GuidanceGate, ThenTakesTheLastDifferenceOfTheBranches) {
  GuidanceGate gate(Gated(0.5), 4);
  gate.Guide(Both(1, 2), 0);
  gate.Guide(Both(3, 7), 1);
  for (const int call : {2, 3}) {
    EXPECT_TRUE(at::allclose(gate.Guide(One(10), call), at::tensor({18.f, 1.5f}).view({1, 1, 2})));
    EXPECT_TRUE(at::equal(gate.Guide(Both(1e9f, 10), call), gate.Guide(One(10), call)));  // looks at one branch alone
  }
}

TEST(GuidanceGate, GivesWhatGuidanceGivesWhileTheDifferenceStays) {
  for (const double rescale : {0.0, 0.7}) {
    VideoSpec spec = Gated(0.5);
    spec.guidance_rescale = rescale;
    GuidanceGate gate(spec, 2);
    gate.Guide(Both(1, 2), 0);
    EXPECT_TRUE(at::allclose(gate.Guide(One(5), 1), Guide(Both(4, 5), 3, rescale))) << rescale;
  }
}

TEST(GuidanceGate, NeverClosesWithoutGuidanceOrWithoutAGate) {
  VideoSpec unguided = Gated(0.5);
  unguided.guidance_scale = 1;
  VideoSpec ungated = Gated(0.5);
  ungated.guidance_gate.reset();
  for (const VideoSpec& spec : {unguided, ungated}) {
    GuidanceGate gate(spec, 4);
    EXPECT_FALSE(gate.IsClosedAt(3));
    EXPECT_TRUE(gate.Save(4).tensors().empty());
    EXPECT_THAT(gate.Restore({}, 4, One(0)), IsOk());
  }
  GuidanceGate gate(unguided, 4);
  EXPECT_TRUE(at::equal(gate.Guide(One(5), 3), One(5)));
}

TEST(GuidanceGate, GoesOnWhereItWasSaved) {
  GuidanceGate gate(Gated(0.5), 4);
  EXPECT_TRUE(gate.Save(0).tensors().empty());
  gate.Guide(Both(1, 2), 0);
  EXPECT_TRUE(gate.Save(1).tensors().empty());
  gate.Guide(Both(3, 7), 1);
  for (const int calls : {2, 3, 4}) {
    GuidanceGate other(Gated(0.5), 4);
    ASSERT_THAT(other.Restore(gate.Save(calls), calls, One(0)), IsOk());
    EXPECT_TRUE(at::equal(other.Guide(One(5), 3), gate.Guide(One(5), 3)));
  }
}

TEST(GuidanceGate, RefusesAStateThatIsNone) {
  GuidanceGate gate(Gated(0.5), 4);
  EXPECT_THAT(gate.Restore({}, 1, One(0)), IsOk());
  EXPECT_THAT(gate.Restore({}, 2, One(0)), StatusIs(absl::StatusCode::kFailedPrecondition));
  TensorState of_another_shape;
  of_another_shape.Put("difference", Both(1, 2));
  EXPECT_THAT(gate.Restore(of_another_shape, 2, One(0)), StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace ruyi
