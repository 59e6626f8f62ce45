// Tests what the cost model says about memory; for time and counts see cost_model_time_test.cc.
#include "core/plan/cost_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/plan/large_spec.h"

namespace ruyi {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;

constexpr int64_t kOthersMib = 100;
constexpr int64_t kAllBlocksMib = 4000;
constexpr int64_t kClipMib = 10;

constexpr MemoryMode kBatch = {.resident_blocks = 4, .resident_states = 3};
constexpr MemoryMode kInTurn = {.resident_blocks = 4, .resident_states = 3, .branches_in_turn = true};

VideoSpec Unguided() {
  VideoSpec spec = LargeSpec();
  spec.guidance_scale = 1.0;
  return spec;
}

int64_t StageMib(Stage stage, const VideoSpec& spec, const MemoryMode& mode, const ModelFacts& facts) {
  const int64_t bytes = CostModel(facts, TestCalibration()).Predict(spec, mode).Of(stage).peak_bytes;
  EXPECT_EQ(bytes % kTestMib, 0);
  return bytes / kTestMib;
}

// Returns the MiB of denoising beside all weights of TestFacts.
int64_t DenoiseMib(const VideoSpec& spec, const MemoryMode& mode, const ModelFacts& facts = TestFacts()) {
  return StageMib(Stage::kDenoise, spec, mode, facts) - kOthersMib - kAllBlocksMib;
}

TEST(CostModel, CountsTheWeightsToEveryStage) {
  const Prediction prediction = TestCosts()->Predict(LargeSpec(), kBatch);
  const int64_t weights = (kOthersMib + kAllBlocksMib) * kTestMib;
  EXPECT_EQ(prediction.Of(Stage::kLoad).peak_bytes, weights);
  EXPECT_EQ(prediction.Of(Stage::kClip).peak_bytes, weights + kClipMib * kTestMib);
  EXPECT_EQ(prediction.Of(Stage::kEncode).peak_bytes, weights + kPictureMib * kTestMib);
  EXPECT_EQ(prediction.Of(Stage::kDecode).peak_bytes, weights + kPictureMib * kTestMib);
  EXPECT_EQ(prediction.mode, kBatch);
}

TEST(CostModel, TakesTheWeightsByTheNumberOfBlocks) {
  const ModelFacts facts = TestFacts();
  for (int blocks = 0; blocks <= facts.blocks; ++blocks) {
    const MemoryMode mode = {.resident_blocks = blocks, .resident_states = 3};
    EXPECT_EQ(StageMib(Stage::kLoad, LargeSpec(), mode, facts), kOthersMib + facts.weight_bytes[blocks] / kTestMib);
  }
}

TEST(CostModel, ABatchHasStatesOfBothBranchesAndOneMoreOnItsWay) {
  const int64_t pass = 2 * kPassMib;
  const int64_t state = 2 * kTokensMib;
  EXPECT_EQ(DenoiseMib(LargeSpec(), {.resident_blocks = 4, .resident_states = 1}), pass + 2 * state);
  EXPECT_EQ(DenoiseMib(LargeSpec(), {.resident_blocks = 4, .resident_states = 2}), pass + 3 * state);
  EXPECT_EQ(DenoiseMib(LargeSpec(), {.resident_blocks = 4, .resident_states = 3}), pass + 3 * state);  // all there are
}

TEST(CostModel, InTurnOneBranchWaitsWhileTheOtherOneComputes) {
  const int64_t pass = kPassMib + kTokensMib;
  MemoryMode mode = kInTurn;
  for (const auto& [resident, states] : {std::pair(1, 3), std::pair(2, 5), std::pair(3, 6)}) {
    mode.resident_states = resident;
    EXPECT_EQ(DenoiseMib(LargeSpec(), mode), pass + states * kTokensMib) << resident;
  }
}

TEST(CostModel, WithoutGuidanceThereIsOneBranch) {
  EXPECT_EQ(DenoiseMib(Unguided(), kBatch), kPassMib + 3 * kTokensMib);
  EXPECT_EQ(DenoiseMib(Unguided(), {.resident_blocks = 4, .resident_states = 1}), kPassMib + 2 * kTokensMib);
}

TEST(CostModel, TwoDevicesHaveABranchEach) {
  ModelFacts facts = TestFacts();
  facts.devices = 2;
  EXPECT_EQ(DenoiseMib(LargeSpec(), kBatch, facts), DenoiseMib(Unguided(), kBatch));
}

TEST(CostModel, WhatNeedsBothBranchesIsNotSharedByTwoDevices) {
  ModelFacts facts = TestFacts();
  facts.devices = 2;
  const CostModel two(facts, TestCalibration());
  VideoSpec cached = LargeSpec();
  cached.tea_cache = TeaCacheSettings();
  VideoSpec enhanced = LargeSpec();
  enhanced.enhance = EnhanceSettings();
  for (const VideoSpec& spec : {cached, enhanced})
    EXPECT_EQ(two.Predict(spec, kBatch).peak_bytes(), TestCosts()->Predict(spec, kBatch).peak_bytes());
}

TEST(CostModel, TeaCacheKeepsThreeTensorsOfEachBranchUnlessTheyAreOffloaded) {
  VideoSpec spec = LargeSpec();
  spec.tea_cache = TeaCacheSettings();
  EXPECT_EQ(DenoiseMib(spec, kInTurn), DenoiseMib(LargeSpec(), kInTurn) + 3 * 2 * kTokensMib);
  spec.guidance_scale = 1.0;
  EXPECT_EQ(DenoiseMib(spec, kBatch), DenoiseMib(Unguided(), kBatch) + 3 * kTokensMib);
  spec.tea_cache->offload = true;
  EXPECT_EQ(DenoiseMib(spec, kBatch), DenoiseMib(Unguided(), kBatch));
}

TEST(CostModel, EnhanceAVideoCopiesQueriesAndKeysAndScoresFrames) {
  VideoSpec spec = LargeSpec();
  spec.enhance = EnhanceSettings();
  const int64_t scores = 2 * kLargeTokens * 10 * 30 * 2;  // ten bytes for each frame and head
  const CostModel costs(TestFacts(), TestCalibration());
  EXPECT_EQ(costs.Predict(spec, kBatch).Of(Stage::kDenoise).peak_bytes,
            costs.Predict(LargeSpec(), kBatch).Of(Stage::kDenoise).peak_bytes + 2 * 2 * kTokensMib * kTestMib + scores);
}

TEST(CostModel, CountsConditionsOfEachBranchAndCall) {
  ModelFacts facts = TestFacts();
  facts.condition_bytes = 3 * kTestMib;
  EXPECT_EQ(DenoiseMib(LargeSpec(), kInTurn, facts), DenoiseMib(LargeSpec(), kInTurn) + 2 * 3);
  facts.call_condition_bytes = 7 * kTestMib;
  const int steps = LargeSpec().steps;
  EXPECT_EQ(DenoiseMib(LargeSpec(), kInTurn, facts), DenoiseMib(LargeSpec(), kInTurn) + 2 * (3 + 7 * steps));
  VideoSpec spec = Unguided();
  spec.sampler = SamplerKind::kPndm;
  EXPECT_EQ(DenoiseMib(spec, kBatch, facts), DenoiseMib(Unguided(), kBatch) + 3 + 7 * (steps + 9));
}

TEST(CostModel, OtherWeightsThanTheServersTakeTheirPlace) {
  for (const StoredWeights& stored : TestFacts().instead) {
    VideoSpec spec = LargeSpec();
    for (const Fp8Type type : {Fp8Type::kE4m3fn, Fp8Type::kE5m2}) {
      spec.fp8 = {.mode = stored.fp8.mode, .type = type};
      for (int blocks = 0; blocks <= 4; ++blocks) {
        EXPECT_EQ(StageMib(Stage::kLoad, spec, {.resident_blocks = blocks, .resident_states = 3}, TestFacts()),
                  kOthersMib + stored.weight_bytes[blocks] / kTestMib);
      }
    }
  }
}

TEST(CostModel, WeightsInEightBitsTakeLessInEveryModeOnDeviceAndHost) {
  VideoSpec spec = LargeSpec();
  const CostModel costs(TestFacts(), TestCalibration());
  for (const MemoryMode& mode : costs.Modes(spec)) {
    int64_t more_mib = MibOf(costs.Predict(LargeSpec(), mode).peak_bytes());
    for (const Fp8Mode fp8 : {Fp8Mode::kLite, Fp8Mode::kStrong, Fp8Mode::kExtreme}) {
      spec.fp8.mode = fp8;
      const Prediction prediction = costs.Predict(spec, mode);
      EXPECT_LT(MibOf(prediction.peak_bytes()), more_mib) << NameOf(mode);
      EXPECT_LE(prediction.host_bytes, costs.Predict(LargeSpec(), mode).host_bytes) << NameOf(mode);
      more_mib = MibOf(prediction.peak_bytes());
    }
  }
}

TEST(CostModel, WeightsThatTheServerHasInEightBitsAreNotMadeAgain) {
  ModelFacts facts = TestFacts();
  facts.fp8.mode = Fp8Mode::kStrong;
  VideoSpec spec = LargeSpec();
  spec.fp8.mode = Fp8Mode::kStrong;
  EXPECT_EQ(StageMib(Stage::kLoad, spec, kBatch, facts), kOthersMib + kAllBlocksMib);
}

TEST(CostModel, LorasLieBesideTheWeights) {
  VideoSpec spec = LargeSpec();
  spec.lora_bytes = 12 * kTestMib;
  EXPECT_EQ(StageMib(Stage::kLoad, spec, kBatch, TestFacts()), kOthersMib + kAllBlocksMib + 12);
}

TEST(CostModel, AMatrixThatIsWidenedOrChangedByALoraIsThereTwice) {
  ModelFacts facts = TestFacts();
  facts.largest_matrix_bytes = 50 * kTestMib;
  VideoSpec widened = LargeSpec();
  widened.fp8.mode = Fp8Mode::kExtreme;
  constexpr int64_t kSavedMib = 3 * kAllBlocksMib / 4;
  const int64_t as_it_is = DenoiseMib(LargeSpec(), kBatch, facts);
  EXPECT_EQ(as_it_is, DenoiseMib(LargeSpec(), kBatch));
  EXPECT_EQ(DenoiseMib(widened, kBatch, facts), as_it_is - kSavedMib + 50);
  VideoSpec changed = LargeSpec();
  changed.lora_bytes = kTestMib;
  EXPECT_EQ(DenoiseMib(changed, kBatch, facts), as_it_is + 1 + 50);
  widened.lora_bytes = kTestMib;
  EXPECT_EQ(DenoiseMib(widened, kBatch, facts), as_it_is - kSavedMib + 1 + 2 * 50);
  facts.fp8 = widened.fp8;  // the calibration has seen it
  EXPECT_EQ(DenoiseMib(widened, kBatch, facts), as_it_is + 1 + 50);
}

TEST(CostModel, ProductsInEightBitsTakeRowsBesideTheNumbers) {
  ModelFacts facts = TestFacts();
  facts.instead.push_back(facts.instead.back());
  facts.instead.back().fp8.arithmetic = Fp8Arithmetic::kScaled;
  VideoSpec widened = LargeSpec();
  widened.fp8.mode = Fp8Mode::kExtreme;
  VideoSpec scaled = widened;
  scaled.fp8.arithmetic = Fp8Arithmetic::kScaled;
  EXPECT_EQ(DenoiseMib(scaled, kBatch, facts), DenoiseMib(widened, kBatch, facts));
  facts.scaled_token_bytes = facts.token_bytes;
  EXPECT_EQ(DenoiseMib(scaled, kBatch, facts), DenoiseMib(widened, kBatch, facts) + 2 * kTokensMib);
  MemoryMode in_turn = kBatch;
  in_turn.branches_in_turn = true;
  EXPECT_EQ(DenoiseMib(scaled, in_turn, facts), DenoiseMib(widened, in_turn, facts) + kTokensMib);
  facts.fp8 = scaled.fp8;  // the calibration has seen it
  const int64_t seen = DenoiseMib(scaled, kBatch, facts);
  facts.scaled_token_bytes = 0;
  EXPECT_EQ(DenoiseMib(scaled, kBatch, facts), seen);
}

// Tiles of 384 × 384 pixels take 144 MiB; the pictures that they are put together from, 72.
TEST(CostModel, OfTilesOneIsSeenAtATime) {
  VideoSpec spec = LargeSpec();
  spec.vae_tiling = true;
  for (const Stage stage : {Stage::kEncode, Stage::kDecode})
    EXPECT_EQ(StageMib(stage, spec, kBatch, TestFacts()), kOthersMib + kAllBlocksMib + 144 + 72);
}

TEST(CostModel, TilesAreUsedWhereTheModelOrTheRequestSaysSo) {
  ModelFacts facts = TestFacts();
  VideoSpec spec = LargeSpec();
  const int64_t whole = StageMib(Stage::kDecode, spec, kBatch, facts);
  facts.tiles.is_default = true;
  EXPECT_LT(StageMib(Stage::kDecode, spec, kBatch, facts), whole);
  spec.vae_tiling = false;
  EXPECT_EQ(StageMib(Stage::kDecode, spec, kBatch, facts), whole);
}

TEST(CostModel, APictureThatIsNoLargerThanATileIsSeenWhole) {
  VideoSpec spec = LargeSpec();
  spec.size = {.width = 384, .height = 384};
  spec.vae_tiling = true;
  EXPECT_EQ(StageMib(Stage::kDecode, spec, kBatch, TestFacts()), kOthersMib + kAllBlocksMib + 144);
}

TEST(CostModel, OffersQuartersOfTheBlocksAndALadderOfStates) {
  ModelFacts facts = TestFacts();
  facts.blocks = 40;
  facts.states = 19;
  facts.weight_bytes.resize(41);
  std::vector<int> blocks, states;
  for (const MemoryMode& mode : CostModel(facts, {}).Modes(LargeSpec())) {
    if (mode.resident_states == 19)
      blocks.push_back(mode.resident_blocks);
    if (mode.resident_blocks == 40)
      states.push_back(mode.resident_states);
  }
  EXPECT_THAT(blocks, ElementsAre(40, 30, 20, 10, 0));
  EXPECT_THAT(states, ElementsAre(19, 10, 7, 5, 1));
}

TEST(CostModel, OffersNoModeTwice) {
  ModelFacts facts = TestFacts();
  facts.blocks = 2;
  facts.states = 1;
  EXPECT_THAT(CostModel(facts, {}).Modes(Unguided()),
              ElementsAre(MemoryMode{2, 1}, MemoryMode{1, 1}, MemoryMode{0, 1}));
}

TEST(CostModel, BranchesGoInTurnWhereThereAreTwoOnADevice) {
  const auto in_turn = [](bool expected) { return Each(Field(&MemoryMode::branches_in_turn, expected)); };
  EXPECT_THAT(TestCosts()->Modes(LargeSpec()), in_turn(true));
  EXPECT_THAT(TestCosts()->Modes(Unguided()), in_turn(false));
  VideoSpec spec = LargeSpec();
  spec.enhance = EnhanceSettings();
  EXPECT_THAT(TestCosts()->Modes(spec), in_turn(false));
  ModelFacts facts = TestFacts();
  facts.devices = 2;
  EXPECT_THAT(CostModel(facts, {}).Modes(LargeSpec()), in_turn(false));
}

class CostModelLearning : public testing::Test {
 protected:
  Prediction Predict() const { return costs_.Predict(LargeSpec(), kInTurn); }

  CostModel costs_{TestFacts(), TestCalibration()};
};

TEST_F(CostModelLearning, RaisesWhatIsBesideTheWeightsInProportion) {
  const Prediction before = Predict();
  const int64_t weights = before.Of(Stage::kLoad).peak_bytes;
  costs_.Learn(before, weights + (before.peak_bytes() - weights) * 3 / 2);
  const Prediction after = Predict();
  EXPECT_EQ(after.Of(Stage::kLoad).peak_bytes, weights);
  for (const Stage stage : {Stage::kEncode, Stage::kClip, Stage::kDenoise, Stage::kDecode})
    EXPECT_EQ(after.Of(stage).peak_bytes - weights, (before.Of(stage).peak_bytes - weights) * 3 / 2);
}

TEST_F(CostModelLearning, OfItsNewPredictionNothingMoreIsLearntFromTheSameVideo) {
  const Prediction before = Predict();
  const int64_t measured = before.peak_bytes() + 100 * kTestMib;
  costs_.Learn(before, measured);
  const Prediction after = Predict();
  EXPECT_NEAR(after.peak_bytes(), measured, 1);
  costs_.Learn(after, after.peak_bytes());
  EXPECT_EQ(Predict().peak_bytes(), after.peak_bytes());
}

// A queue of jobs that were planned before the first of them was made.
TEST_F(CostModelLearning, LearnsOnceFromVideosThatWerePredictedAlike) {
  const Prediction before = Predict();
  const int64_t measured = before.peak_bytes() + 100 * kTestMib;
  costs_.Learn(before, measured);
  const int64_t after = Predict().peak_bytes();
  for (int i = 0; i < 10; ++i)
    costs_.Learn(before, measured);
  EXPECT_EQ(Predict().peak_bytes(), after);
  costs_.Learn(Predict(), after + 100 * kTestMib);  // too low after all
  EXPECT_NEAR(Predict().peak_bytes(), after + 100 * kTestMib, 1);
}

TEST_F(CostModelLearning, NeverLowersAPrediction) {
  const Prediction before = Predict();
  for (const int64_t measured : {before.peak_bytes(), before.peak_bytes() - 1, int64_t{0}}) {
    costs_.Learn(before, measured);
    EXPECT_EQ(Predict().peak_bytes(), before.peak_bytes());
  }
}

TEST_F(CostModelLearning, TeachesNothingAboutAVideoThatNobodyPredicted) {
  costs_.Learn(Prediction(), 1000 * kTestMib);
  EXPECT_EQ(Predict().peak_bytes(), TestCosts()->Predict(LargeSpec(), kInTurn).peak_bytes());
}

}  // namespace
}  // namespace ruyi
