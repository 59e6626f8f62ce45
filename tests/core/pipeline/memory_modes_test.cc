// The same frames, whatever lies on the device, and however many devices there are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "tests/core/pipeline/small_pipeline.h"
#include "tests/core/pipeline/small_video.h"

namespace ruyi {
namespace {

using testing::Eq;
using testing::Ne;
using testing::SizeIs;

std::vector<uint8_t> VideoIn(RuyiPipeline& pipeline, VideoInput input, const MemoryMode& mode) {
  input.placement.prediction.mode = mode;
  return VideoOf(pipeline, input);
}

// Returns videos that take different ways through the transformer.
std::vector<VideoInput> Videos() {
  VideoInput guided = SmallVideo(16);
  guided.spec.steps = 3;
  VideoInput unguided = guided;
  unguided.spec.guidance_scale = 1.0;
  VideoInput enhanced = guided;
  enhanced.spec.enhance = EnhanceSettings();
  VideoInput cached = guided;
  cached.spec.steps = 5;
  cached.spec.tea_cache = {.threshold = 1.0, .skip_start_steps = 2, .skip_end_steps = 1};
  VideoInput gated = guided;
  gated.spec.steps = 5;
  gated.spec.guidance_gate = {.start_ratio = 0.4};
  gated.spec.easy_cache = {.threshold = 0.5, .skip_start_steps = 3, .skip_end_steps = 1};
  return {guided, gated, unguided, enhanced, cached};
}

class MemoryModesTest : public testing::TestWithParam<const char*> {
 protected:
  RuyiPipeline pipeline_ = PipelineOf(GetParam());
};

TEST_P(MemoryModesTest, MakeTheSameVideo) {
  for (const VideoInput& input : Videos()) {
    const std::vector<MemoryMode> modes = pipeline_.costs()->Modes(input.spec);
    const std::vector<uint8_t> video = VideoIn(pipeline_, input, {.branches_in_turn = modes.front().branches_in_turn});
    EXPECT_GE(modes.size(), 5);
    for (const MemoryMode& mode : modes)
      EXPECT_THAT(VideoIn(pipeline_, input, mode), Eq(video)) << NameOf(mode);
  }
}

TEST_P(MemoryModesTest, BranchesInTurnMakeAlmostTheVideoOfTheBatch) {
  VideoInput gated = SmallVideo(16);
  gated.spec.steps = 4;
  gated.spec.guidance_gate = {.start_ratio = 0.5};
  for (const VideoInput& input : {SmallVideo(16), gated}) {
    const std::vector<uint8_t> batch = VideoIn(pipeline_, input, {});
    const std::vector<uint8_t> in_turn = VideoIn(pipeline_, input, {.branches_in_turn = true});
    ASSERT_EQ(batch.size(), in_turn.size());
    for (size_t i = 0; i < batch.size(); ++i)
      ASSERT_LE(std::abs(batch[i] - in_turn[i]), 1) << i;
  }
}

TEST_P(MemoryModesTest, ThePipelineTellsHowTheModelLies) {
  EXPECT_EQ(pipeline_.AvailableMemory().placed.mode, std::nullopt);
  for (const MemoryMode& mode : {MemoryMode{0, 1}, MemoryMode{0, 2}, MemoryMode{2, 1}}) {
    VideoIn(pipeline_, SmallVideo(), mode);
    EXPECT_EQ(pipeline_.AvailableMemory().placed.mode, mode);
  }
  EXPECT_EQ(pipeline_.AvailableMemory().placed.pinned_bytes, 0);  // on a CPU
}

TEST_P(MemoryModesTest, AnAutoencoderInSlabsMakesTheSameVideo) {
  VideoInput input = SmallVideo(16);
  input.spec.size = {.width = 64, .height = 96};
  input.spec.latents = {.channels = 16, .frames = 4, .height = 12, .width = 8};
  input.SetPictures({NoisyImage(input.spec.size)}, {});
  const std::vector<uint8_t> video = VideoIn(pipeline_, input, {});
  EXPECT_THAT(VideoIn(pipeline_, input, {.autoencoder_in_slabs = true}), Eq(video));
  EXPECT_THAT(VideoIn(pipeline_, input, {}), Eq(video));
}

// Whatever mode a request came in, the next one is as if it were the first.
TEST_P(MemoryModesTest, MayChangeFromVideoToVideo) {
  VideoInput other = SmallVideo();
  other.spec.seed = 43;
  const std::vector<uint8_t> video = VideoIn(pipeline_, SmallVideo(), {});
  const std::vector<uint8_t> other_video = VideoIn(pipeline_, other, {});
  ASSERT_THAT(other_video, Ne(video));
  for (const MemoryMode& mode :
       {MemoryMode{0, 1}, MemoryMode{2, 1}, MemoryMode{2, 2}, MemoryMode{}, MemoryMode{0, 2}}) {
    EXPECT_THAT(VideoIn(pipeline_, SmallVideo(), mode), Eq(video)) << NameOf(mode);
    EXPECT_THAT(VideoIn(pipeline_, other, mode), Eq(other_video)) << NameOf(mode);
  }
}

TEST_P(MemoryModesTest, OtherWeightsMakeTheSameVideoInEveryMode) {
  VideoInput input = SmallVideo();
  input.spec.fp8.mode = Fp8Mode::kExtreme;
  const std::vector<uint8_t> video = VideoIn(pipeline_, input, {.branches_in_turn = true});
  EXPECT_THAT(VideoIn(pipeline_, SmallVideo(), {.branches_in_turn = true}), Ne(video));
  for (const MemoryMode& mode : pipeline_.costs()->Modes(input.spec))
    EXPECT_THAT(VideoIn(pipeline_, input, mode), Eq(video)) << NameOf(mode);
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
  const std::vector<VideoInput> inputs = Videos();
  for (const size_t shared : {0, 1}) {
    const VideoInput& input = inputs[shared];
    const std::vector<uint8_t> video = VideoIn(pipeline_, input, {.branches_in_turn = true});
    for (const MemoryMode& mode : two.costs()->Modes(input.spec))
      EXPECT_THAT(VideoIn(two, input, mode), Eq(video)) << shared << ", " << NameOf(mode);
  }
}

TEST_P(MemoryModesTest, WhatNeedsBothBranchesIsMadeOnOneOfTwoDevices) {
  RuyiPipeline two = PipelineOfTwoDevices(GetParam());
  const std::vector<VideoInput> inputs = Videos();
  ASSERT_THAT(inputs, SizeIs(5));
  for (size_t i = 2; i < inputs.size(); ++i) {
    const MemoryMode mode = two.costs()->Modes(inputs[i].spec).front();
    EXPECT_EQ(mode, pipeline_.costs()->Modes(inputs[i].spec).front()) << i;
    EXPECT_THAT(VideoIn(two, inputs[i], mode), Eq(VideoIn(pipeline_, inputs[i], mode))) << i;
  }
}

TEST_P(MemoryModesTest, TwoDevicesWarmUp) {
  RuyiPipeline two = PipelineOfTwoDevices(GetParam());
  const std::vector<uint8_t> before = VideoOf(two, SmallVideo());
  ASSERT_THAT(two.WarmUp(), IsOk());
  EXPECT_THAT(VideoOf(two, SmallVideo()), Eq(before));
}

INSTANTIATE_TEST_SUITE_P(Models, MemoryModesTest, testing::Values("tiny", "tiny-cache"), [](const auto& model) {
  return std::string(model.param) == "tiny" ? "SliceMode" : "CacheMode";
});

}  // namespace
}  // namespace ruyi
