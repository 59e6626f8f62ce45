#include "server/convert/estimate_to_proto.h"

#include <gtest/gtest.h>

#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

constexpr int64_t kMib = 1 << 20;

ModeEstimate ModeOf(int blocks, int64_t mib, bool fits) {
  ModeEstimate mode = {.fits = fits, .reason = fits ? "it fits" : "it does not fit"};
  mode.prediction.mode = {.resident_blocks = blocks, .resident_states = 1};
  mode.prediction.host_bytes = blocks * 100 * kMib;
  mode.prediction.Of(Stage::kDecode) = {.peak_bytes = mib * kMib, .seconds = 2};
  return mode;
}

PlannedVideo TwoModes() {
  return {.spec = TestSpec(),
          .pictures = {},
          .admission = {.budget_bytes = 3000 * kMib,
                        .host_budget_bytes = 5000 * kMib,
                        .modes = {ModeOf(4, 4000, /*fits=*/false), ModeOf(2, 2000, /*fits=*/true)},
                        .chosen = 1,
                        .reason = "the fastest that fits"}};
}

TEST(EstimateToProto, HasEveryModeInOrder) {
  const v1::EstimateVideoResponse proto = ToProto(TwoModes(), absl::Seconds(90));
  ASSERT_EQ(proto.modes_size(), 2);
  EXPECT_EQ(proto.modes(0).mode().resident_blocks(), 4);
  EXPECT_EQ(proto.modes(0).predicted_mib(), 4000);
  EXPECT_EQ(proto.modes(0).predicted_time().seconds(), 2);
  EXPECT_FALSE(proto.modes(0).fits());
  EXPECT_EQ(proto.modes(0).reason(), "it does not fit");
  EXPECT_EQ(proto.modes(0).stages_size(), kStages);
  EXPECT_TRUE(proto.modes(1).fits());
  EXPECT_EQ(proto.modes(1).predicted_mib(), 2000);
  EXPECT_EQ(proto.modes(1).predicted_host_mib(), 200);
}

TEST(EstimateToProto, SaysWhichOneWhyAndWhen) {
  const v1::EstimateVideoResponse proto = ToProto(TwoModes(), absl::Seconds(90));
  EXPECT_EQ(proto.settings().frame_count(), 8);
  EXPECT_TRUE(proto.has_chosen());
  EXPECT_EQ(proto.chosen(), 1);
  EXPECT_EQ(proto.reason(), "the fastest that fits");
  EXPECT_EQ(proto.budget_mib(), 3000);
  EXPECT_EQ(proto.host_budget_mib(), 5000);
  EXPECT_EQ(proto.queue_wait().seconds(), 90);
}

TEST(EstimateToProto, ChoosesNothingWhereNothingFits) {
  PlannedVideo estimate = TwoModes();
  estimate.admission.chosen.reset();
  EXPECT_FALSE(ToProto(estimate, absl::ZeroDuration()).has_chosen());
}

}  // namespace
}  // namespace ruyi
