// What EasyCache and the guidance gate leave out, with the demo model, whose numbers are those of a trained one.
#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "tests/core/pipeline/resume_run.h"
#include "tests/core/pipeline/stage_run.h"
#include "tests/support/noisy_image.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::Each;
using testing::Eq;
using testing::Ge;
using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;

constexpr int kSteps = 8;
constexpr double kThreshold = 0.4;  // leaves out some of so few steps

VideoInput DemoVideo() {
  VideoInput video;
  VideoSpec& spec = video.spec;
  spec.size = {.width = 96, .height = 96};
  spec.frame_count = 8;
  spec.frames_per_second = 24;
  spec.latents = {.channels = 16, .frames = 2, .height = 12, .width = 12};
  spec.camera = Camera::kLeft;
  spec.steps = kSteps;
  spec.guidance_scale = 1.5;
  spec.clip_apply_ratio = 0.4;
  spec.seed = 7;
  video.SetPictures({NoisyImage(spec.size)}, {});
  return video;
}

VideoInput Cached(double threshold) {
  VideoInput video = DemoVideo();
  video.spec.easy_cache = {.threshold = threshold, .skip_start_steps = 2, .skip_end_steps = 1};
  return video;
}

struct Made {
  std::vector<at::Tensor> latents;  // after each step
  std::vector<int> skipped;
};

class ApproximationTest : public testing::Test {
 protected:
  static RuyiPipeline Demo() {
    const auto folder = std::filesystem::path(RUYI_SOURCE_DIR) / "models" / "ruyi-tiny";
    return RuyiPipeline(*LoadRuyiModels(folder, {}));
  }

  Made Make(const VideoInput& video, const MemoryMode& mode = {}) {
    Made made;
    StageRun run(video, {}, {.on_latents = [&](const at::Tensor& latents) { made.latents.push_back(latents); }});
    EXPECT_THAT(pipeline_.Run(video.spec, mode, run.context), IsOk());
    for (const Progress& report : run.progress.reports) {
      if (report.phase == Phase::kDenoising)
        made.skipped = report.skipped_steps;
    }
    return made;
  }

  RuyiPipeline pipeline_ = Demo();
};

TEST_F(ApproximationTest, EasyCacheLeavesStepsOutBetweenTheFirstAndTheLast) {
  const Made made = Make(Cached(kThreshold));
  EXPECT_THAT(made.skipped, SizeIs(testing::AllOf(Ge(1), Le(kSteps - 3))));
  EXPECT_THAT(made.skipped, Each(testing::AllOf(Ge(3), Le(kSteps - 1))));
  EXPECT_THAT(made.latents, SizeIs(kSteps));
}

TEST_F(ApproximationTest, EasyCacheLeavesOutMoreAtAHigherThreshold) {
  EXPECT_LT(Make(Cached(0.2)).skipped.size(), Make(Cached(0.9)).skipped.size());
}

TEST_F(ApproximationTest, EasyCacheOfAThresholdOfZeroGivesTheVeryLatentsOfNone) {
  const Made plain = Make(DemoVideo());
  const Made cached = Make(Cached(0));
  EXPECT_THAT(cached.skipped, IsEmpty());
  ASSERT_EQ(cached.latents.size(), plain.latents.size());
  for (size_t i = 0; i < plain.latents.size(); ++i)
    EXPECT_TRUE(at::equal(cached.latents[i], plain.latents[i])) << i;
}

TEST_F(ApproximationTest, EasyCacheChangesNothingBeforeTheFirstStepThatItLeavesOut) {
  const Made plain = Make(DemoVideo());
  const Made cached = Make(Cached(kThreshold));
  ASSERT_FALSE(cached.skipped.empty());
  for (int step = 1; step < cached.skipped.front(); ++step)
    EXPECT_TRUE(at::equal(cached.latents[step - 1], plain.latents[step - 1])) << step;
  EXPECT_FALSE(at::equal(cached.latents[cached.skipped.front() - 1], plain.latents[cached.skipped.front() - 1]));
}

TEST_F(ApproximationTest, TheGateChangesNothingBeforeItCloses) {
  const Made plain = Make(DemoVideo());
  for (const bool in_turn : {false, true}) {
    VideoInput gated = DemoVideo();
    gated.spec.guidance_gate = {.start_ratio = 0.5};
    const Made made = Make(gated, {.branches_in_turn = in_turn});
    for (int step = 0; step < kSteps; ++step) {
      const bool is_alike = at::allclose(made.latents[step], plain.latents[step], 1e-4, 1e-5);
      EXPECT_EQ(is_alike, step < kSteps / 2) << step;
    }
  }
}

// Both look at each step on their own: the gate at which branches there are, the cache at whether there are any.
TEST_F(ApproximationTest, EasyCacheAndTheGateGoTogether) {
  VideoInput both = Cached(kThreshold);
  both.spec.guidance_gate = {.start_ratio = 0.5};
  const Made made = Make(both);
  EXPECT_THAT(made.skipped, testing::Not(IsEmpty()));
  EXPECT_FALSE(at::equal(made.latents.back(), Make(Cached(kThreshold)).latents.back()));
}

TEST_F(ApproximationTest, ARunThatGoesOnFromACheckpointGivesTheSameFrames) {
  VideoInput video = Cached(kThreshold);
  video.spec.guidance_gate = {.start_ratio = 0.5};
  ResumedRun whole;
  ASSERT_THAT(whole.Generate(pipeline_, video), IsOk());
  ASSERT_THAT(whole.checkpoints.checkpoints, SizeIs(kSteps));
  for (const int step : {3, 5, 7}) {
    ResumedRun resumed(whole.checkpoints.checkpoints[step - 1].state);
    ASSERT_THAT(resumed.Generate(pipeline_, video), IsOk());
    EXPECT_THAT(resumed.frames.Bytes(), Eq(whole.frames.Bytes())) << step;
    EXPECT_EQ(resumed.progress.reports.back().skipped_steps, whole.progress.reports.back().skipped_steps);
    EXPECT_EQ(resumed.checkpoints.checkpoints.back().state, whole.checkpoints.checkpoints.back().state) << step;
  }
}

}  // namespace
}  // namespace ruyi
