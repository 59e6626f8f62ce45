#include "core/pipeline/ruyi/calibrator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/plan/cost_model.h"
#include "tests/support/test_costs.h"

namespace ruyi {
namespace {

using testing::Each;
using testing::Field;
using testing::SizeIs;

constexpr MemoryMode kMode = {.resident_blocks = 4, .resident_states = 3};  // everything

RequestLimits LimitsOf(std::vector<PixelSize> sizes, int most_frames) {
  RequestLimits limits;
  limits.sizes = std::move(sizes);
  limits.frame_count = {.min = 8, .max = most_frames, .default_value = 8};
  return limits;
}

TEST(CalibrationSpecs, GrowFromHalfTheSizeToTheLargestVideo) {
  const auto specs = CalibrationSpecs(LimitsOf({{160, 96}, {128, 128}, {96, 96}}, 120), {});
  ASSERT_THAT(specs, SizeIs(4));
  EXPECT_EQ(specs[0].size, (PixelSize{64, 64}));
  EXPECT_EQ(specs[0].frame_count, 24);
  for (const auto& [i, frames] : {std::pair(1, 24), std::pair(2, 56), std::pair(3, 120)}) {
    EXPECT_EQ(specs[i].size, (PixelSize{128, 128}));
    EXPECT_EQ(specs[i].frame_count, frames);
  }
  EXPECT_THAT(specs, Each(Field(&VideoSpec::guidance_scale, 1.0)));
  for (const VideoSpec& spec : specs) {
    EXPECT_EQ(spec.latents, LatentsOf(spec.size, spec.frame_count, {}));
    EXPECT_THAT(spec.start_pictures, SizeIs(1));
  }
}

TEST(CalibrationSpecs, AreNoLargerThanTheLimits) {
  const auto specs = CalibrationSpecs(LimitsOf({{32, 16}}, 21), {});
  ASSERT_THAT(specs, SizeIs(2));
  EXPECT_EQ(specs[0].size, (PixelSize{16, 16}));
  EXPECT_EQ(specs[1].size, (PixelSize{32, 16}));
  EXPECT_THAT(specs, Each(Field(&VideoSpec::frame_count, 16)));  // whole chunks
}

TEST(CalibrationSpecs, WithoutAListOfSizesAreOfTheDefaultResolution) {
  const auto specs = CalibrationSpecs(LimitsOf({}, 120), {});
  EXPECT_EQ(specs.back().size, (PixelSize{672, 384}));
}

TEST(SlabSpecs, AreTwoForTheAutoencoderAndAllThatWereTooLarge) {
  const auto specs = CalibrationSpecs(LimitsOf({{160, 96}}, 120), {});
  ASSERT_THAT(specs, SizeIs(4));
  for (size_t measured = 0; measured <= specs.size(); ++measured) {
    const auto chosen = SlabSpecs(specs, measured);
    ASSERT_EQ(chosen.size(), 2 + specs.size() - std::max<size_t>(2, measured)) << measured;
    for (size_t i = 0; i < chosen.size(); ++i) {
      const size_t of = i < 2 ? i : specs.size() - chosen.size() + i;
      EXPECT_EQ(chosen[i].size, specs[of].size) << measured;
      EXPECT_EQ(chosen[i].frame_count, specs[of].frame_count) << measured;
      EXPECT_EQ(chosen[i].steps, of < measured ? 1 : specs[of].steps) << measured;
    }
  }
}

// Returns what videos take when `truth` is the calibration.
std::vector<CalibrationRun> RunsOf(const Calibration& truth, const std::vector<VideoSpec>& specs,
                                   const MemoryMode& mode = kMode) {
  const CostModel costs(TestFacts(), truth);
  std::vector<CalibrationRun> runs;
  for (const VideoSpec& spec : specs)
    runs.push_back({.spec = spec, .mode = mode, .costs = costs.Predict(spec, mode).stages});
  return runs;
}

void ExpectNear(const Curve& curve, const Curve& expected) {
  EXPECT_NEAR(curve.constant, expected.constant, 1e-6 * (1 + expected.constant));
  EXPECT_NEAR(curve.linear, expected.linear, 1e-6 * expected.linear);
  EXPECT_NEAR(curve.quadratic, expected.quadratic, 1e-6 * expected.quadratic);
}

void ExpectNear(const PassCurves& pass, const PassCurves& expected) {
  ExpectNear(pass.bytes, expected.bytes);
  ExpectNear(pass.seconds, expected.seconds);
}

const Calibration kTruth = {
    .step = {.bytes = {.constant = 7 << 20, .linear = 4096}, .seconds = {.linear = 1e-4, .quadratic = 2e-8}},
    .encode = {.bytes = {.constant = 5 << 20, .linear = 2048}, .seconds = {.linear = 3e-7, .quadratic = 1e-13}},
    .decode = {.bytes = {.constant = 0, .linear = 8192}, .seconds = {.linear = 5e-7}},
    .clip_bytes = 12345678,
    .clip_seconds = 0.25};

TEST(FitCalibration, FindsTheCurvesThatTheRunsLieOn) {
  const auto specs = CalibrationSpecs(LimitsOf({{768, 512}}, 120), {});
  const Calibration fitted = FitCalibration(TestFacts(), RunsOf(kTruth, specs), 0);
  ExpectNear(fitted.step, kTruth.step);
  ExpectNear(fitted.encode, kTruth.encode);
  ExpectNear(fitted.decode, kTruth.decode);
  EXPECT_EQ(fitted.clip_bytes, kTruth.clip_bytes);
  EXPECT_EQ(fitted.clip_seconds, kTruth.clip_seconds);
  EXPECT_EQ(fitted.upload_bytes_per_second, 0);
}

constexpr MemoryMode kSlabs = {.resident_blocks = 4, .resident_states = 3, .autoencoder_in_slabs = true};

Calibration WithSlabs() {
  Calibration truth = kTruth;
  truth.slab_encode.bytes = {.constant = 3 << 20, .linear = 1024};
  truth.slab_encode.seconds = {.linear = 4e-7, .quadratic = 2e-13};
  truth.slab_decode.bytes = {.constant = 6 << 20, .linear = 4096};
  truth.slab_decode.seconds = {.linear = 6e-7};
  return truth;
}

TEST(FitCalibration, FindsTheCurvesOfSlabsBesideThoseOfTheWhole) {
  const Calibration truth = WithSlabs();
  const auto specs = CalibrationSpecs(LimitsOf({{768, 512}}, 120), {});
  std::vector<CalibrationRun> runs = RunsOf(truth, specs);
  for (CalibrationRun& run : RunsOf(truth, SlabSpecs(specs, specs.size()), kSlabs)) {
    CostOf(run.costs, Stage::kDenoise) = {.peak_bytes = 1, .seconds = 1e-9};  // of one step: says nothing
    runs.push_back(std::move(run));
  }
  const Calibration fitted = FitCalibration(TestFacts(), runs, 0);
  ExpectNear(fitted.step, truth.step);
  ExpectNear(fitted.decode, truth.decode);
  ExpectNear(fitted.slab_encode, truth.slab_encode);
  ExpectNear(fitted.slab_decode, truth.slab_decode);
}

// On a small GPU the larger videos are made in slabs alone, and say what steps take.
TEST(FitCalibration, FindsTheStepsOfVideosThatWereMadeInSlabsAlone) {
  const Calibration truth = WithSlabs();
  const auto specs = CalibrationSpecs(LimitsOf({{768, 512}}, 120), {});
  std::vector<CalibrationRun> runs = RunsOf(truth, {specs[0]});
  for (CalibrationRun& run : RunsOf(truth, SlabSpecs(specs, 1), kSlabs))
    runs.push_back(std::move(run));
  const Calibration fitted = FitCalibration(TestFacts(), runs, 0);
  ExpectNear(fitted.step, truth.step);
  ExpectNear(fitted.slab_decode.bytes, truth.slab_decode.bytes);
  EXPECT_EQ(fitted.decode.bytes.constant, 0);  // one point
}

TEST(FitCalibration, KnowsNothingOfWhatNoRunShows) {
  const auto specs = CalibrationSpecs(LimitsOf({{768, 512}}, 120), {});
  EXPECT_EQ(FitCalibration(TestFacts(), RunsOf(kTruth, specs), 0).slab_decode.bytes, Curve());
  const Calibration slabs = FitCalibration(TestFacts(), RunsOf(WithSlabs(), specs, kSlabs), 0);
  EXPECT_EQ(slabs.decode.bytes, Curve());
  EXPECT_EQ(slabs.encode.seconds, Curve());
  EXPECT_GT(slabs.slab_decode.bytes.linear, 0);
}

TEST(FitCalibration, OfOneRunTakesEverythingAsProportional) {
  const Calibration truth = {.step = {.bytes = {.linear = 4096}, .seconds = {.linear = 1e-4}},
                             .encode = {.bytes = {.linear = 2048}, .seconds = {.linear = 3e-7}},
                             .decode = {.bytes = {.linear = 8192}, .seconds = {.linear = 5e-7}}};
  const auto specs = CalibrationSpecs(LimitsOf({{768, 512}}, 120), {});
  const Calibration fitted = FitCalibration(TestFacts(), RunsOf(truth, {specs[1]}), 0);
  ExpectNear(fitted.step, truth.step);
  ExpectNear(fitted.decode.bytes, truth.decode.bytes);
  ExpectNear(fitted.encode.seconds, truth.encode.seconds);
}

// Measurements scatter: a larger video may take less.
TEST(FitCalibration, HasNoNegativeCoefficients) {
  std::vector<CalibrationRun> runs = RunsOf(kTruth, CalibrationSpecs(LimitsOf({{768, 512}}, 120), {}));
  for (const Stage stage : {Stage::kEncode, Stage::kDecode})
    std::swap(CostOf(runs.front().costs, stage), CostOf(runs.back().costs, stage));
  const Calibration fitted = FitCalibration(TestFacts(), runs, 0);
  for (const Curve& curve : {fitted.encode.bytes, fitted.encode.seconds, fitted.decode.bytes, fitted.decode.seconds}) {
    EXPECT_GE(curve.constant, 0);
    EXPECT_GT(curve.linear, 0);
    EXPECT_GE(curve.quadratic, 0);
  }
}

TEST(FitCalibration, CountsNothingTwiceThatIsKnownOfTheModesOfTheRuns) {
  const CostModel costs(TestFacts(), kTruth);
  std::vector<CalibrationRun> runs;
  for (const VideoSpec& spec : CalibrationSpecs(LimitsOf({{768, 512}}, 120), {})) {
    const int round = static_cast<int>(runs.size());
    const MemoryMode mode = {.resident_blocks = 4 - round, .resident_states = 3 - round / 2};
    runs.push_back({.spec = spec, .mode = mode, .costs = costs.Predict(spec, mode).stages});
  }
  const Calibration fitted = FitCalibration(TestFacts(), runs, 0);
  ExpectNear(fitted.step, kTruth.step);
}

// On a small GPU the first steps wait for weights: they would make every prediction too long.
TEST(FitCalibration, LearnsNoTimeFromStepsThatWaitForWeights) {
  const MemoryMode streamed = {.resident_blocks = 0, .resident_states = 1};
  Calibration truth = kTruth;
  const auto specs = CalibrationSpecs(LimitsOf({{768, 512}}, 120), {});
  const CostModel::Units units = CostModel(TestFacts(), truth).UnitsOf(specs[1]);
  // The upload takes as long as the passes of the second spec, so those of the first are hidden behind it.
  truth.upload_bytes_per_second =
      static_cast<double>(TestFacts().weight_bytes.back()) / truth.step.seconds.At(units.tokens);
  std::vector<CalibrationRun> runs;
  for (const VideoSpec& spec : specs)
    runs.push_back(
        {.spec = spec, .mode = streamed, .costs = CostModel(TestFacts(), truth).Predict(spec, streamed).stages});
  const Calibration fitted = FitCalibration(TestFacts(), runs, truth.upload_bytes_per_second);
  ExpectNear(fitted.step.seconds, truth.step.seconds);
  EXPECT_EQ(fitted.upload_bytes_per_second, truth.upload_bytes_per_second);
}

TEST(MeasureUpload, OnACpuThereIsNone) {
  EXPECT_EQ(MeasureUpload(c10::kCPU), 0);
}

TEST(MeasurePlacing, OnACpuItTakesNoTime) {
  Calibration calibration = kTruth;
  MeasurePlacing({}, c10::kCPU, calibration);
  EXPECT_EQ(calibration, kTruth);
}

}  // namespace
}  // namespace ruyi
