// What the demo model is predicted to take on a CPU against what it takes, over shapes, memory modes and options.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "tests/core/pipeline/small_pipeline.h"
#include "tests/core/pipeline/test_pictures.h"

namespace ruyi {
namespace {

constexpr double kMostAbovePrediction = 1.01;  // of what a stage takes
constexpr double kMostBelowPrediction = 1.06;  // of what the largest stage takes

struct Shape {
  PixelSize size;
  int frames;
};
constexpr Shape kShapes[] = {{{64, 64}, 8}, {{96, 64}, 8}, {{64, 96}, 16}};

class PredictionTest : public testing::Test {
 protected:
  // Warm-up measures once for all tests.
  static void SetUpTestSuite() {
    RuyiPipelineOptions options;
    options.limits.sizes = {{.width = 64, .height = 64}, {.width = 96, .height = 64}, {.width = 64, .height = 96}};
    options.limits.frame_count = {.min = 8, .max = 16, .default_value = 16};
    const std::filesystem::path demo = std::filesystem::path(RUYI_SOURCE_DIR) / "models" / "ruyi-tiny";
    pipeline_ = std::make_unique<RuyiPipeline>(*LoadRuyiModels(demo, {}), options);
    ASSERT_THAT(pipeline_->WarmUp(), IsOk());
  }
  static void TearDownTestSuite() { pipeline_.reset(); }

  static GenerationPlan PlanOf(const Shape& shape) {
    GenerationPlan plan;
    plan.size = shape.size;
    plan.start_images = {NoisyImage(shape.size)};
    plan.frame_count = shape.frames;
    plan.latents = LatentsOf(shape.size, shape.frames, pipeline_->costs()->facts().geometry);
    plan.steps = 1;
    plan.guidance_scale = 1.5;
    plan.clip_apply_ratio = 0.4;
    plan.seed = 1;
    return plan;
  }

  // Makes the plan's video in `mode` and returns what was measured.
  static GenerationReport Make(GenerationPlan& plan, const MemoryMode& mode) {
    plan.prediction = pipeline_->costs()->Predict(plan, mode);
    RecordingProgress progress;
    RecordingFrames frames;
    const auto report = pipeline_->Generate(plan, CancellationToken(), progress, frames);
    EXPECT_THAT(report, IsOk());
    EXPECT_EQ(report->mode, mode);
    return *report;
  }

  static void ExpectPredictsEachStage(const Prediction& prediction, const GenerationReport& report) {
    for (const Stage stage : {Stage::kClip, Stage::kEncode, Stage::kDenoise, Stage::kDecode}) {
      const StageCost& measured = CostOf(report.stages, stage);
      EXPECT_GT(measured.peak_bytes, prediction.Of(Stage::kLoad).peak_bytes) << NameOf(stage);
      EXPECT_GT(measured.seconds, 0) << NameOf(stage);
      EXPECT_LE(measured.peak_bytes, kMostAbovePrediction * prediction.Of(stage).peak_bytes) << NameOf(stage);
    }
    ExpectPredictsTheVideo(prediction, report);
  }

  static void ExpectPredictsTheVideo(const Prediction& prediction, const GenerationReport& report) {
    EXPECT_LE(report.peak_bytes, kMostAbovePrediction * prediction.peak_bytes());
    EXPECT_LE(prediction.peak_bytes(), kMostBelowPrediction * report.peak_bytes);
  }

  static std::unique_ptr<RuyiPipeline> pipeline_;
};

std::unique_ptr<RuyiPipeline> PredictionTest::pipeline_;

TEST_F(PredictionTest, HoldsForEveryShapeAndMode) {
  int points = 0;
  for (const Shape& shape : kShapes) {
    for (const double guidance : {1.0, 1.5}) {
      GenerationPlan plan = PlanOf(shape);
      plan.guidance_scale = guidance;
      for (const MemoryMode& mode : pipeline_->costs()->Modes(plan)) {
        if (mode.resident_states < pipeline_->costs()->facts().states)
          continue;
        SCOPED_TRACE(testing::Message() << shape.size.width << "x" << shape.size.height << ", " << shape.frames
                                        << " frames, guidance " << guidance << ", " << NameOf(mode));
        const GenerationReport report = Make(plan, mode);
        ExpectPredictsEachStage(plan.prediction, report);
        ++points;
      }
    }
  }
  EXPECT_GE(points, 24);
}

// The host's memory, where states wait, is that of the device here, so that the denoising takes more than on a GPU.
TEST_F(PredictionTest, HoldsForTheVideoWhereStatesWaitInTheHostsMemory) {
  GenerationPlan plan = PlanOf(kShapes[0]);
  for (MemoryMode mode : pipeline_->costs()->Modes(plan)) {
    if (mode.resident_states > 1)
      continue;
    SCOPED_TRACE(NameOf(mode));
    const GenerationReport report = Make(plan, mode);
    ExpectPredictsTheVideo(plan.prediction, report);
  }
}

TEST_F(PredictionTest, HoldsForEveryOption) {
  const std::vector<std::function<void(GenerationPlan&)>> changes = {
      [](GenerationPlan& plan) { plan.steps = 4, plan.tea_cache = TeaCacheSettings(); },
      [](GenerationPlan& plan) { plan.enhance = EnhanceSettings(); },
      [](GenerationPlan& plan) { plan.steps = 4, plan.sampler = SamplerKind::kPndm; },
      [](GenerationPlan& plan) { plan.end_images = plan.start_images; },
      [](GenerationPlan& plan) { plan.vae_tiling = true; },
      [](GenerationPlan& plan) { plan.fp8 = {.mode = Fp8Mode::kLite}; },
      [](GenerationPlan& plan) { plan.fp8 = {.mode = Fp8Mode::kStrong}; },
      [](GenerationPlan& plan) { plan.fp8 = {.mode = Fp8Mode::kExtreme}; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    SCOPED_TRACE(i);
    GenerationPlan plan = PlanOf(kShapes[0]);
    changes[i](plan);
    const GenerationReport report = Make(plan, pipeline_->costs()->Modes(plan).front());
    ExpectPredictsEachStage(plan.prediction, report);
  }
}

}  // namespace
}  // namespace ruyi
