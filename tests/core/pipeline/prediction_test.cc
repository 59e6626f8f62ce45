// Compares what the demo model is predicted to take on a CPU with what it takes, over shapes, memory modes and options.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "tests/core/pipeline/small_pipeline.h"
#include "tests/support/noisy_image.h"

namespace ruyi {
namespace {

constexpr double kMostAbovePrediction = 1.01;  // of what a stage takes
constexpr double kMostBelowPrediction = 1.09;  // of what the largest stage takes

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

  static VideoInput InputOf(const Shape& shape) {
    VideoInput input;
    input.spec.size = shape.size;
    input.SetPictures({NoisyImage(shape.size)}, {});
    input.spec.frame_count = shape.frames;
    input.spec.latents = LatentsOf(shape.size, shape.frames, pipeline_->costs()->facts().geometry);
    input.spec.steps = 1;
    input.spec.guidance_scale = 1.5;
    input.spec.clip_apply_ratio = 0.4;
    input.spec.seed = 1;
    return input;
  }

  // Makes the input's video in `mode` and returns what was measured.
  static GenerationReport Make(VideoInput& input, const MemoryMode& mode) {
    input.placement.prediction = pipeline_->costs()->Predict(input.spec, mode);
    RecordingProgress progress;
    RecordingFrames frames;
    const auto report = Generate(*pipeline_, input, progress, frames);
    EXPECT_THAT(report, IsOk());
    EXPECT_EQ(report->mode, mode);
    return *report;
  }

  static void ExpectPredictsEachStage(const Prediction& prediction, const GenerationReport& report) {
    for (const Stage stage : {Stage::kEncode, Stage::kClip, Stage::kDenoise, Stage::kDecode}) {
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
      VideoInput input = InputOf(shape);
      input.spec.guidance_scale = guidance;
      for (const MemoryMode& mode : pipeline_->costs()->Modes(input.spec)) {
        if (mode.resident_states < pipeline_->costs()->facts().states)
          continue;
        SCOPED_TRACE(testing::Message() << shape.size.width << "x" << shape.size.height << ", " << shape.frames
                                        << " frames, guidance " << guidance << ", " << NameOf(mode));
        const GenerationReport report = Make(input, mode);
        ExpectPredictsEachStage(input.placement.prediction, report);
        ++points;
      }
    }
  }
  EXPECT_GE(points, 24);
}

// The host's memory, where states wait, is that of the device here, so that the denoising takes more than on a GPU.
TEST_F(PredictionTest, HoldsForTheVideoWhereStatesWaitInTheHostsMemory) {
  VideoInput input = InputOf(kShapes[0]);
  for (MemoryMode mode : pipeline_->costs()->Modes(input.spec)) {
    if (mode.resident_states > 1)
      continue;
    SCOPED_TRACE(NameOf(mode));
    const GenerationReport report = Make(input, mode);
    ExpectPredictsTheVideo(input.placement.prediction, report);
  }
}

// Without blocks and states on the device, decoding is what takes most.
TEST_F(PredictionTest, SlabsTakeLessAsPredicted) {
  for (const Shape& shape : kShapes) {
    SCOPED_TRACE(testing::Message() << shape.size.width << "x" << shape.size.height);
    VideoInput input = InputOf(shape);
    MemoryMode mode = {.resident_blocks = 0, .resident_states = 1, .branches_in_turn = true};
    const GenerationReport whole = Make(input, mode);
    mode.autoencoder_in_slabs = true;
    const GenerationReport slabs = Make(input, mode);
    const int64_t weights = input.placement.prediction.Of(Stage::kLoad).peak_bytes;
    EXPECT_LT(CostOf(slabs.stages, Stage::kDecode).peak_bytes - weights,
              0.8 * (CostOf(whole.stages, Stage::kDecode).peak_bytes - weights));
    ExpectPredictsEachStage(input.placement.prediction, slabs);
  }
}

TEST_F(PredictionTest, HoldsForEveryOption) {
  const std::vector<std::function<void(VideoInput&)>> changes = {
      [](VideoInput& input) { input.spec.steps = 4, input.spec.tea_cache = TeaCacheSettings(); },
      [](VideoInput& input) { input.spec.enhance = EnhanceSettings(); },
      [](VideoInput& input) { input.spec.steps = 4, input.spec.easy_cache = EasyCacheSettings(); },
      [](VideoInput& input) { input.spec.steps = 4, input.spec.guidance_gate = GuidanceGateSettings(); },
      [](VideoInput& input) { input.spec.steps = 4, input.spec.sampler = SamplerKind::kPndm; },
      [](VideoInput& input) { input.SetEnd(input.pictures); },
      [](VideoInput& input) { input.spec.vae_tiling = true; },
      [](VideoInput& input) { input.spec.fp8 = {.mode = Fp8Mode::kLite}; },
      [](VideoInput& input) { input.spec.fp8 = {.mode = Fp8Mode::kStrong}; },
      [](VideoInput& input) { input.spec.fp8 = {.mode = Fp8Mode::kExtreme}; },
      [](VideoInput& input) { input.spec.fp8 = {.mode = Fp8Mode::kExtreme, .arithmetic = Fp8Arithmetic::kScaled}; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    SCOPED_TRACE(i);
    VideoInput input = InputOf(kShapes[0]);
    changes[i](input);
    const GenerationReport report = Make(input, pipeline_->costs()->Modes(input.spec).front());
    ExpectPredictsEachStage(input.placement.prediction, report);
  }
}

}  // namespace
}  // namespace ruyi
