// The same frames, whatever lies on the device, and however many devices there are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/core/pipeline/small_pipeline.h"
#include "tests/core/pipeline/small_plan.h"

namespace ruyi {
namespace {

using testing::Eq;
using testing::Ne;
using testing::SizeIs;

std::vector<uint8_t> VideoIn(RuyiPipeline& pipeline, GenerationPlan plan, const MemoryMode& mode) {
  plan.prediction.mode = mode;
  return VideoOf(pipeline, plan);
}

// Plans that take different ways through the transformer.
std::vector<GenerationPlan> Plans() {
  GenerationPlan guided = SmallPlan(16);
  guided.steps = 3;
  GenerationPlan unguided = guided;
  unguided.guidance_scale = 1.0;
  GenerationPlan enhanced = guided;
  enhanced.enhance = EnhanceSettings();
  GenerationPlan cached = guided;
  cached.steps = 5;
  cached.tea_cache = {.threshold = 1.0, .skip_start_steps = 2, .skip_end_steps = 1};
  return {guided, unguided, enhanced, cached};
}

class MemoryModesTest : public testing::TestWithParam<const char*> {
 protected:
  RuyiPipeline pipeline_ = PipelineOf(GetParam());
};

TEST_P(MemoryModesTest, MakeTheSameVideo) {
  for (const GenerationPlan& plan : Plans()) {
    const std::vector<MemoryMode> modes = pipeline_.costs()->Modes(plan);
    const std::vector<uint8_t> video = VideoIn(pipeline_, plan, {.branches_in_turn = modes.front().branches_in_turn});
    EXPECT_GE(modes.size(), 5);
    for (const MemoryMode& mode : modes)
      EXPECT_THAT(VideoIn(pipeline_, plan, mode), Eq(video)) << NameOf(mode);
  }
}

TEST_P(MemoryModesTest, BranchesInTurnMakeAlmostTheVideoOfTheBatch) {
  const GenerationPlan plan = SmallPlan(16);
  const std::vector<uint8_t> batch = VideoIn(pipeline_, plan, {});
  const std::vector<uint8_t> in_turn = VideoIn(pipeline_, plan, {.branches_in_turn = true});
  ASSERT_EQ(batch.size(), in_turn.size());
  for (size_t i = 0; i < batch.size(); ++i)
    ASSERT_LE(std::abs(batch[i] - in_turn[i]), 1) << i;
}

// Whatever mode a request came in, the next one is as if it were the first.
TEST_P(MemoryModesTest, MayChangeFromVideoToVideo) {
  GenerationPlan other = SmallPlan();
  other.seed = 43;
  const std::vector<uint8_t> video = VideoIn(pipeline_, SmallPlan(), {});
  const std::vector<uint8_t> other_video = VideoIn(pipeline_, other, {});
  ASSERT_THAT(other_video, Ne(video));
  for (const MemoryMode& mode :
       {MemoryMode{0, 1}, MemoryMode{2, 1}, MemoryMode{2, 2}, MemoryMode{}, MemoryMode{0, 2}}) {
    EXPECT_THAT(VideoIn(pipeline_, SmallPlan(), mode), Eq(video)) << NameOf(mode);
    EXPECT_THAT(VideoIn(pipeline_, other, mode), Eq(other_video)) << NameOf(mode);
  }
}

TEST_P(MemoryModesTest, OtherWeightsMakeTheSameVideoInEveryMode) {
  GenerationPlan plan = SmallPlan();
  plan.fp8.mode = Fp8Mode::kExtreme;
  const std::vector<uint8_t> video = VideoIn(pipeline_, plan, {.branches_in_turn = true});
  EXPECT_THAT(VideoIn(pipeline_, SmallPlan(), {.branches_in_turn = true}), Ne(video));
  for (const MemoryMode& mode : pipeline_.costs()->Modes(plan))
    EXPECT_THAT(VideoIn(pipeline_, plan, mode), Eq(video)) << NameOf(mode);
}

// Two devices that are one: what is to be shown is the way of the data.
RuyiPipeline PipelineOfTwoDevices(const std::string& model) {
  RuyiModels models = LoadedModel(model);
  models.partner_device = c10::kCPU;
  return RuyiPipeline(std::move(models), SmallOptions());
}

TEST_P(MemoryModesTest, TwoDevicesMakeTheVideoOfBranchesInTurn) {
  RuyiPipeline two = PipelineOfTwoDevices(GetParam());
  EXPECT_EQ(two.costs()->facts().devices, 2);
  const GenerationPlan plan = Plans().front();
  const std::vector<uint8_t> video = VideoIn(pipeline_, plan, {.branches_in_turn = true});
  for (const MemoryMode& mode : two.costs()->Modes(plan))
    EXPECT_THAT(VideoIn(two, plan, mode), Eq(video)) << NameOf(mode);
}

TEST_P(MemoryModesTest, WhatNeedsBothBranchesIsMadeOnOneOfTwoDevices) {
  RuyiPipeline two = PipelineOfTwoDevices(GetParam());
  const std::vector<GenerationPlan> plans = Plans();
  ASSERT_THAT(plans, SizeIs(4));
  for (size_t i = 1; i < plans.size(); ++i) {
    const MemoryMode mode = two.costs()->Modes(plans[i]).front();
    EXPECT_EQ(mode, pipeline_.costs()->Modes(plans[i]).front()) << i;
    EXPECT_THAT(VideoIn(two, plans[i], mode), Eq(VideoIn(pipeline_, plans[i], mode))) << i;
  }
}

TEST_P(MemoryModesTest, TwoDevicesWarmUp) {
  RuyiPipeline two = PipelineOfTwoDevices(GetParam());
  const std::vector<uint8_t> before = VideoOf(two, SmallPlan());
  ASSERT_THAT(two.WarmUp(), IsOk());
  EXPECT_THAT(VideoOf(two, SmallPlan()), Eq(before));
}

INSTANTIATE_TEST_SUITE_P(Models, MemoryModesTest, testing::Values("tiny", "tiny-cache"), [](const auto& model) {
  return std::string(model.param) == "tiny" ? "SliceMode" : "CacheMode";
});

}  // namespace
}  // namespace ruyi
