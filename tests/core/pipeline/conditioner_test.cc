#include "core/pipeline/ruyi/conditioner.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/max.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/pipeline/ruyi/guidance.h"
#include "tests/core/pipeline/model_copy.h"
#include "tests/core/pipeline/small_video.h"
#include "tests/core/pipeline/stage_run.h"
#include "tests/support/status_matchers.h"
#include "tests/support/ticking_clock.h"

namespace ruyi {
namespace {

const RuyiModels& Models() {
  return LoadedModel("tiny");
}

Conditions ConditionsOf(const VideoInput& input) {
  StageRun run(input);
  return *Condition(Models(), input.spec, run.context);
}

VideoInput VideoWithGuidance(double scale) {
  VideoInput input = SmallVideo();
  input.spec.guidance_scale = scale;
  return input;
}

// Returns how many chunks the autoencoder encodes for `input`.
int ChunksOf(const VideoInput& input) {
  StageRun run(input);
  EXPECT_THAT(Condition(Models(), input.spec, run.context), IsOk());
  const std::vector<Progress>& reports = run.progress.reports;
  EXPECT_EQ(reports.size(), reports.back().total + 1);
  return reports.back().done;
}

at::Tensor InpaintLatentsWith(ConstantMoments& constants, const VideoInput& input) {
  StageRun run(input);
  run.context.constants = &constants;
  return Condition(Models(), input.spec, run.context)->inpaint_latents;
}

TEST(Condition, WhatShowsNoPictureIsKeptFromRequestToRequest) {
  VideoInput other = SmallVideo();
  for (uint8_t& pixel : other.pictures.front().pixels)
    pixel = static_cast<uint8_t>(255 - pixel);
  ConstantMoments constants;
  for (const VideoInput& input : {SmallVideo(), other, SmallVideo()})
    EXPECT_TRUE(at::equal(InpaintLatentsWith(constants, input), ConditionsOf(input).inpaint_latents));
  // Moments that nobody encoded show that the kept ones are used.
  const int frames = static_cast<int>(Models().vae.config().encoder_chunk);
  std::vector<int> first_given(frames, 1);
  first_given.front() = 0;
  const ConstantMoments::Key first_mask = {.width = SmallVideo().spec.size.width,
                                           .height = SmallVideo().spec.size.height,
                                           .tiled = Models().vae.is_tiled(),
                                           .is_mask = true,
                                           .unknown = first_given};
  ASSERT_TRUE(constants.Find(first_mask).defined());
  constants.Add(first_mask, constants.Find(first_mask) + 1);
  EXPECT_FALSE(at::equal(InpaintLatentsWith(constants, other), ConditionsOf(other).inpaint_latents));
}

TEST(ConstantMoments, KeepsACopyUntilItIsCleared) {
  const ConstantMoments::Key key = {.width = 8, .height = 8, .unknown = {1, 1}};
  ConstantMoments constants;
  EXPECT_FALSE(constants.Find(key).defined());
  at::Tensor moments = at::tensor({1.0, 2.0});
  constants.Add(key, moments);
  moments.zero_();
  EXPECT_TRUE(at::equal(constants.Find(key), at::tensor({1.0, 2.0})));
  EXPECT_FALSE(constants.Find({.width = 8, .height = 8, .is_mask = true, .unknown = {1, 1}}).defined());
  constants.Clear();
  EXPECT_FALSE(constants.Find(key).defined());
}

TEST(Condition, WithoutGuidanceThereIsNoNegativePrompt) {
  for (const double scale : {1.0, 0.5}) {
    const DitConditions dit = ConditionsOf(VideoWithGuidance(scale)).dit;
    for (const at::Tensor& tensor :
         {dit.text, dit.text_mask, dit.t5, dit.t5_mask, dit.sizes, dit.clip_tokens, dit.clip_mask})
      EXPECT_EQ(tensor.size(0), 1);
  }
}

TEST(Condition, GuidancePutsTheNegativePromptBefore) {
  const DitConditions alone = ConditionsOf(VideoWithGuidance(1.0)).dit;
  const DitConditions both = ConditionsOf(VideoWithGuidance(1.5)).dit;
  const std::pair<at::Tensor, at::Tensor> tensors[] = {
      {alone.text, both.text},          {alone.text_mask, both.text_mask}, {alone.t5, both.t5},
      {alone.t5_mask, both.t5_mask},    {alone.sizes, both.sizes},         {alone.clip_tokens, both.clip_tokens},
      {alone.clip_mask, both.clip_mask}};
  for (const auto& [one, two] : tensors) {
    ASSERT_EQ(two.size(0), 2);
    EXPECT_TRUE(at::equal(two.narrow(0, 1, 1), one));
  }
  EXPECT_TRUE(at::equal(both.text.narrow(0, 0, 1), Models().embeddings.Negative()->text));
  EXPECT_EQ(both.clip_mask[0].abs().max().item<float>(), 0);
  EXPECT_EQ(both.clip_tokens[0].abs().max().item<float>(), 0);
}

TEST(Condition, SaysTheSizesThatTheReferenceSays) {
  VideoInput input = VideoWithGuidance(1.0);
  input.spec.size = {.width = 48, .height = 32};
  input.SetPictures({NoisyImage(input.spec.size)}, {});
  EXPECT_TRUE(
      at::equal(ConditionsOf(input).dit.sizes, at::tensor({1024.f, 1024.f, 32.f, 48.f, 0.f, 0.f}).view({1, 6})));
}

TEST(Condition, TakesThePromptOfTheSpec) {
  VideoInput input = VideoWithGuidance(1.0);
  input.spec.camera = Camera::kUp;
  input.spec.motion = 3;
  EXPECT_TRUE(at::equal(ConditionsOf(input).dit.text, Models().embeddings.Positive(Camera::kUp, 3)->text));
}

TEST(Condition, EncodesEqualPartsOnce) {
  EXPECT_EQ(ChunksOf(SmallVideo(8)), 2);   // one of the mask, one of the pictures
  EXPECT_EQ(ChunksOf(SmallVideo(16)), 4);  // with the picture, without
  EXPECT_EQ(ChunksOf(SmallVideo(24)), 4);
  VideoInput input = SmallVideo(24);
  input.SetEnd({NoisyImage(input.spec.size, 3)});
  EXPECT_EQ(ChunksOf(input), 6);
}

// A chunk of pictures differs by which pictures it shows, a chunk of the mask by which frames are given.
TEST(Condition, MasksOfOtherPicturesAreEqual) {
  VideoInput input = SmallVideo(16);
  std::vector<RgbImage> start, end;
  for (uint32_t i = 0; i < 8; ++i) {
    start.push_back(NoisyImage(input.spec.size, 10 + i));
    end.push_back(NoisyImage(input.spec.size, 20 + i));
  }
  input.SetPictures(start, end);
  EXPECT_EQ(ChunksOf(input), 3);
}

TEST(Condition, PartsEncodedOnceHaveNoiseOfTheirOwn) {
  const at::Tensor latents = ConditionsOf(SmallVideo(24)).inpaint_latents;
  ASSERT_EQ(latents.sizes(), (std::vector<int64_t>{1, 32, 6, 4, 4}));
  EXPECT_FALSE(at::equal(latents.narrow(2, 2, 2), latents.narrow(2, 4, 2)));
}

TEST(Condition, ShowsTheClipToItsObserver) {
  int clips = 0;
  const VideoInput input = SmallVideo();
  const RunObserver observer = {.on_clip =
                                    [&](const ConditioningClip& clip) {
                                      ++clips;
                                      EXPECT_EQ(clip.frames, MakeConditioningClip(input.spec, input.pictures).frames);
                                    },
                                .on_latents = {},
                                .on_frames = {}};
  StageRun run(input, {}, observer);
  EXPECT_THAT(Condition(Models(), input.spec, run.context), IsOk());
  EXPECT_EQ(clips, 1);
}

// A chunk of the mask, then one of the pictures, each of four tiles.
TEST(Condition, EndsBetweenTwoTiles) {
  const ModelCopy model("tiny");
  model.Configure("vae/config.json", {{"use_tiling", true}, {"tile_sample_min_size", 24}});
  ASSERT_OK_AND_ASSIGN(const RuyiModels models, model.Load());
  for (const int last : {0, 2, 4 + 4 - 1}) {
    const TickingClock clock;
    const CancellationSource source(TickingClock::ElapsedAtReading(last), clock);
    StageRun run(SmallVideo(), source.token());
    EXPECT_THAT(Condition(models, SmallVideo().spec, run.context), StatusIs(absl::StatusCode::kDeadlineExceeded))
        << last;
    EXPECT_EQ(clock.readings(), last + 1);
  }
}

TEST(Guide, LeadsAwayFromThePredictionWithoutTheCondition) {
  const at::Tensor predictions = at::tensor({1.f, 2.f, 3.f, -2.f}).view({2, 2});
  EXPECT_TRUE(at::allclose(Guide(predictions, 3, 0), at::tensor({7.f, -10.f}).view({1, 2})));
  EXPECT_TRUE(at::equal(Guide(predictions.narrow(0, 1, 1), 3, 0), predictions.narrow(0, 1, 1)));
}

TEST(Guidance, RescalingGivesTheSpreadOfThePredictionWithTheCondition) {
  const at::Tensor predictions = at::tensor({0.f, 0.f, 0.f, 1.f, 2.f, 6.f}).view({2, 3});
  const double spread = predictions[1].std().item<double>();
  EXPECT_NEAR(Guide(predictions, 3, 0).std().item<double>(), 3 * spread, 1e-5);
  EXPECT_NEAR(Guide(predictions, 3, 1).std().item<double>(), spread, 1e-5);
  EXPECT_NEAR(Guide(predictions, 3, 0.5).std().item<double>(), 2 * spread, 1e-5);
}

}  // namespace
}  // namespace ruyi
