// Tests how often the cost model lets each kind of work be done, and how long that takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/plan/cost_model.h"
#include "tests/core/plan/large_spec.h"

namespace ruyi {
namespace {

constexpr double kBranchSeconds = 46.08;  // of a pass of one branch
constexpr double kChunkSeconds = 0.393216;
constexpr MemoryMode kAll = {.resident_blocks = 4, .resident_states = 3, .branches_in_turn = true};

double DenoiseSeconds(const VideoSpec& spec, const MemoryMode& mode, const ModelFacts& facts = TestFacts(),
                      const Calibration& calibration = TestCalibration()) {
  return CostModel(facts, calibration).Predict(spec, mode).Of(Stage::kDenoise).seconds;
}

TEST(CostModelUnits, AreThoseOfThePlan) {
  const CostModel::Units units = TestCosts()->UnitsOf(LargeSpec());
  EXPECT_EQ(units.tokens, kLargeTokens);
  EXPECT_EQ(units.pixels, 768 * 512);
  EXPECT_EQ(units.calls, 3);
  EXPECT_EQ(units.encodes, 4);  // the chunk of the picture and an empty one, and those of their mask
  EXPECT_EQ(units.decodes, 15);
}

TEST(CostModelUnits, AnEndPictureMakesOneMoreChunkDiffer) {
  VideoSpec spec = LargeSpec();
  spec.end_pictures = spec.start_pictures;
  EXPECT_EQ(TestCosts()->UnitsOf(spec).encodes, 6);
}

TEST(CostModelUnits, NoMoreChunksDifferThanThereAre) {
  VideoSpec spec = LargeSpec();
  spec.end_pictures = spec.start_pictures;
  spec.frame_count = 16;
  EXPECT_EQ(TestCosts()->UnitsOf(spec).encodes, 4);
  spec.frame_count = 8;
  EXPECT_EQ(TestCosts()->UnitsOf(spec).encodes, 2);
}

TEST(CostModelUnits, SeamsAreDecodedOnceMore) {
  ModelFacts facts = TestFacts();
  facts.decodes_seams = true;
  VideoSpec spec = LargeSpec();
  EXPECT_EQ(CostModel(facts, {}).UnitsOf(spec).decodes, 15 + 14);
  spec.frame_count = 8;  // has none
  EXPECT_EQ(CostModel(facts, {}).UnitsOf(spec).decodes, 1);
}

TEST(CostModelUnits, EveryTileOfEveryChunkCounts) {
  VideoSpec spec = LargeSpec();
  spec.vae_tiling = true;
  const CostModel::Units units = TestCosts()->UnitsOf(spec);
  EXPECT_EQ(units.pixels, 384 * 384);
  EXPECT_EQ(units.encodes, 4 * 3 * 2);
  EXPECT_EQ(units.decodes, 15 * 3 * 2);
}

TEST(CostModelUnits, PndmBeginsWithNineMoreCalls) {
  VideoSpec spec = LargeSpec();
  spec.sampler = SamplerKind::kPndm;
  EXPECT_EQ(TestCosts()->UnitsOf(spec).calls, 3 + 9);
}

// 1 of 3 steps has both branches, and the others one.
TEST(CostModelTime, AGateLeavesOneBranchOfTheStepsAfterIt) {
  VideoSpec gated = LargeSpec();
  gated.guidance_gate = {.start_ratio = 0.4};
  EXPECT_DOUBLE_EQ(DenoiseSeconds(gated, kAll), (2 + 1 + 1) * kBranchSeconds);
  gated.guidance_scale = 1;
  EXPECT_DOUBLE_EQ(DenoiseSeconds(gated, kAll), 3 * kBranchSeconds);
}

// Two devices compute the branches at the same time: there a gate saves work, but no time.
TEST(CostModelTime, AGateSavesNoTimeOnTwoDevices) {
  ModelFacts facts = TestFacts();
  facts.devices = 2;
  VideoSpec gated = LargeSpec();
  gated.guidance_gate = {.start_ratio = 0.4};
  EXPECT_DOUBLE_EQ(DenoiseSeconds(gated, kAll, facts), DenoiseSeconds(LargeSpec(), kAll, facts));
}

// It depends on the video which steps a cache leaves out.
TEST(CostModelTime, CountsTheStepsThatACacheMayLeaveOut) {
  VideoSpec cached = LargeSpec();
  cached.easy_cache = EasyCacheSettings();
  EXPECT_EQ(DenoiseSeconds(cached, kAll), DenoiseSeconds(LargeSpec(), kAll));
}

TEST(CostModelTime, IsThatOfAllUnits) {
  const Prediction prediction = TestCosts()->Predict(LargeSpec(), kAll);
  EXPECT_EQ(prediction.Of(Stage::kLoad).seconds, 0);
  EXPECT_DOUBLE_EQ(prediction.Of(Stage::kClip).seconds, 0.5);
  EXPECT_DOUBLE_EQ(prediction.Of(Stage::kEncode).seconds, 4 * kChunkSeconds);
  EXPECT_DOUBLE_EQ(prediction.Of(Stage::kDenoise).seconds, 3 * 2 * kBranchSeconds);
  EXPECT_DOUBLE_EQ(prediction.Of(Stage::kDecode).seconds, 15 * kChunkSeconds);
  EXPECT_DOUBLE_EQ(prediction.seconds(), 0.5 + 19 * kChunkSeconds + 6 * kBranchSeconds);
}

TEST(CostModelTime, GrowsWithTheSquareOfTheTokensWhereTheCurveDoes) {
  const Calibration calibration = {.step = {.bytes = {}, .seconds = {.linear = 1e-3, .quadratic = 1e-8}}};
  const double square = 1e-8 * static_cast<double>(kLargeTokens) * static_cast<double>(kLargeTokens);
  EXPECT_DOUBLE_EQ(DenoiseSeconds(LargeSpec(), kAll, TestFacts(), calibration), 3 * 2 * (kBranchSeconds + square));
}

TEST(CostModelTime, OneBranchTakesHalf) {
  VideoSpec spec = LargeSpec();
  spec.guidance_scale = 1.0;
  EXPECT_DOUBLE_EQ(DenoiseSeconds(spec, kAll), 3 * kBranchSeconds);
  ModelFacts facts = TestFacts();
  facts.devices = 2;
  EXPECT_DOUBLE_EQ(DenoiseSeconds(LargeSpec(), kAll, facts), 3 * kBranchSeconds);
}

TEST(CostModelTime, StreamingAndOffloadingCostALittle) {
  MemoryMode mode = kAll;
  double before = DenoiseSeconds(LargeSpec(), mode);
  for (mode.resident_blocks = 3; mode.resident_blocks >= 0; --mode.resident_blocks) {
    const double seconds = DenoiseSeconds(LargeSpec(), mode);
    EXPECT_GT(seconds, before);
    before = seconds;
  }
  mode = {.resident_blocks = 0, .resident_states = 1, .branches_in_turn = true};
  EXPECT_GT(DenoiseSeconds(LargeSpec(), mode), before);
  EXPECT_LT(DenoiseSeconds(LargeSpec(), mode), 1.05 * DenoiseSeconds(LargeSpec(), kAll));
}

// 4000 MiB in a hundred seconds: longer than a step takes.
TEST(CostModelTime, TakesNoLessThanTheUploadOfTheStreamedBlocks) {
  Calibration calibration = TestCalibration();
  calibration.upload_bytes_per_second = 40.0 * kTestMib;
  const MemoryMode none = {.resident_blocks = 0, .resident_states = 3, .branches_in_turn = true};
  const MemoryMode half = {.resident_blocks = 2, .resident_states = 3, .branches_in_turn = true};
  EXPECT_DOUBLE_EQ(CostModel(TestFacts(), calibration).UploadSeconds(LargeSpec(), none), 100.0);
  EXPECT_GE(DenoiseSeconds(LargeSpec(), none, TestFacts(), calibration), 4 * 100.0);  // before the steps, once more
  EXPECT_DOUBLE_EQ(DenoiseSeconds(LargeSpec(), half, TestFacts(), calibration),
                   50.0 + DenoiseSeconds(LargeSpec(), half));
  EXPECT_EQ(DenoiseSeconds(LargeSpec(), kAll, TestFacts(), calibration), DenoiseSeconds(LargeSpec(), kAll));
}

TEST(CostModelTime, StreamsWeightsInEightBitsSooner) {
  const CostModel costs(TestFacts(), {.upload_bytes_per_second = 40.0 * kTestMib});
  VideoSpec spec = LargeSpec();
  spec.fp8.mode = Fp8Mode::kStrong;  // half of the weights
  EXPECT_DOUBLE_EQ(costs.UploadSeconds(spec, {.resident_blocks = 0, .resident_states = 3}), 50.0);
}

}  // namespace
}  // namespace ruyi
