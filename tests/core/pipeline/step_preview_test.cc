// Tests pictures of the latents while a video is being denoised.
#include "core/pipeline/ruyi/step_preview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/pipeline/ruyi/image_tensor.h"
#include "core/pipeline/ruyi/make_sampler.h"
#include "tests/core/pipeline/resume_run.h"
#include "tests/core/pipeline/small_pipeline.h"
#include "tests/core/pipeline/small_video.h"
#include "tests/core/pipeline/stage_run.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::IsEmpty;
using testing::Ne;

// Returns a video that is wider than high.
VideoInput VideoWithPreviews(int steps, const PreviewSettings& preview) {
  VideoInput video = SmallVideo();
  video.spec.steps = steps;
  video.spec.size = {.width = 48, .height = 32};
  video.spec.latents.width = 6;
  video.SetPictures({NoisyImage(video.spec.size)}, {});
  video.spec.preview = preview;
  return video;
}

std::vector<int> StepsOf(const RecordingProgress& progress) {
  std::vector<int> steps;
  for (const auto& [step, picture] : progress.previews)
    steps.push_back(step);
  return steps;
}

class StepPreviewTest : public testing::Test {
 protected:
  RuyiPipeline pipeline_ = PipelineOf("tiny");
};

TEST_F(StepPreviewTest, ComeAfterEveryNthStepButNotTheLast) {
  ResumedRun run;
  ASSERT_THAT(run.Generate(pipeline_, VideoWithPreviews(6, {.every_steps = 2, .width = 30})), IsOk());
  EXPECT_THAT(StepsOf(run.progress), ElementsAre(2, 4));
  for (const auto& [step, picture] : run.progress.previews) {
    EXPECT_EQ(picture.width, 30);
    EXPECT_EQ(picture.height, 20);
    EXPECT_EQ(picture.pixels.size(), 30 * 20 * 3);
  }
  EXPECT_THAT(run.progress.previews[0].second.pixels, Ne(run.progress.previews[1].second.pixels));
}

TEST_F(StepPreviewTest, CountCallsOfTheModelWhereASamplerMakesMoreThanSteps) {
  ResumedRun run;
  VideoInput video = VideoWithPreviews(4, {.every_steps = 6, .width = 8});
  video.spec.sampler = SamplerKind::kPndm;
  ASSERT_THAT(run.Generate(pipeline_, video), IsOk());
  EXPECT_THAT(StepsOf(run.progress), ElementsAre(6, 12));
}

TEST_F(StepPreviewTest, ChangeNoFrame) {
  const VideoInput with = VideoWithPreviews(4, {.every_steps = 1, .width = 8});
  VideoInput without = with;
  without.spec.preview.reset();
  for (const SamplerKind sampler : {SamplerKind::kDdim, SamplerKind::kEulerAncestral}) {
    ResumedRun run;
    VideoInput shown = with;
    shown.spec.sampler = without.spec.sampler = sampler;
    ASSERT_THAT(run.Generate(pipeline_, shown), IsOk());
    EXPECT_THAT(StepsOf(run.progress), ElementsAre(1, 2, 3));
    EXPECT_THAT(VideoOf(pipeline_, without), Eq(run.frames.Bytes()));
  }
}

TEST_F(StepPreviewTest, AreNotSentUnasked) {
  ResumedRun run;
  VideoInput video = VideoWithPreviews(3, {});
  video.spec.preview.reset();
  ASSERT_THAT(run.Generate(pipeline_, video), IsOk());
  EXPECT_THAT(run.progress.previews, IsEmpty());
}

TEST_F(StepPreviewTest, OfAResumedRunAreThoseThatAreLeft) {
  const VideoInput video = VideoWithPreviews(4, {.every_steps = 1, .width = 8});
  ResumedRun whole;
  ASSERT_THAT(whole.Generate(pipeline_, video), IsOk());
  ResumedRun resumed(whole.checkpoints.checkpoints[0].state);
  ASSERT_THAT(resumed.Generate(pipeline_, video), IsOk());
  ASSERT_THAT(StepsOf(resumed.progress), ElementsAre(2, 3));
  EXPECT_THAT(resumed.progress.previews[0].second.pixels, Eq(whole.progress.previews[1].second.pixels));
}

// Latents of Euler's method are many times as strong as a picture's at the beginning.
TEST_F(StepPreviewTest, ShowTheMiddleFrameInTheModelsScale) {
  VideoInput video = VideoWithPreviews(4, {.every_steps = 1, .width = 24});
  const RuyiModels& models = LoadedModel("tiny");
  ASSERT_OK_AND_ASSIGN(const LatentPreview preview, LatentPreview::Fit(models.vae));
  const int middle = video.spec.latents.frames / 2;
  for (const SamplerKind kind : {SamplerKind::kDdim, SamplerKind::kEuler}) {
    video.spec.sampler = kind;
    std::vector<at::Tensor> latents;
    StageRun run(video, {}, {.on_latents = [&](const at::Tensor& step) { latents.push_back(step); }});
    ASSERT_THAT(pipeline_.Run(video.spec, {}, run.context), IsOk());
    ASSERT_THAT(StepsOf(run.progress), ElementsAre(1, 2, 3));
    ASSERT_OK_AND_ASSIGN(const auto sampler, MakeSampler(kind, models.sampler, video.spec.steps, run.noise));
    const at::Tensor seen = sampler->ScaleInput(latents[0], 1);
    const std::vector<uint8_t>& shown = run.progress.previews[0].second.pixels;
    EXPECT_THAT(shown, Eq(ImageOf(preview.Render(seen, middle, 24)).pixels));
    if (kind == SamplerKind::kEuler) {
      EXPECT_THAT(shown, Ne(ImageOf(preview.Render(latents[0], middle, 24)).pixels));
    }
  }
}

}  // namespace
}  // namespace ruyi
