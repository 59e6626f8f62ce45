// Tests modes with the autoencoder in slabs: when they are offered, what they are predicted to take, and that they are
// chosen only where they pay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/plan/admission.h"
#include "core/plan/cost_model.h"
#include "tests/core/plan/large_spec.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::Field;

constexpr MemoryMode kWhole = {.resident_blocks = 4, .resident_states = 3, .branches_in_turn = true};
constexpr MemoryMode kSlabs = {
    .resident_blocks = 4, .resident_states = 3, .branches_in_turn = true, .autoencoder_in_slabs = true};

// A pixel of a chunk takes 8 KiB, 3072 MiB for the large spec, and in slabs `slab_kib`; as long as that of the whole.
Calibration WithSlabs(double slab_kib) {
  Calibration calibration = TestCalibration();
  calibration.encode.bytes = {.linear = 4 * 1024};
  calibration.decode.bytes = {.linear = 8 * 1024};
  calibration.slab_encode.bytes = {.linear = slab_kib * 1024 / 2};
  calibration.slab_decode.bytes = {.linear = slab_kib * 1024};
  calibration.slab_encode.seconds = calibration.encode.seconds;
  calibration.slab_decode.seconds = calibration.decode.seconds;
  return calibration;
}

bool GoesBySlabs(const MemoryMode& mode) {
  return mode.autoencoder_in_slabs;
}

TEST(SlabModes, AreOfferedOnceTheyAreMeasured) {
  const auto in_slabs = [](bool expected) { return Field(&MemoryMode::autoencoder_in_slabs, expected); };
  EXPECT_THAT(TestCosts()->Modes(LargeSpec()), Each(in_slabs(false)));
  const std::vector<MemoryMode> modes = CostModel(TestFacts(), WithSlabs(2)).Modes(LargeSpec());
  EXPECT_EQ(modes.size(), 2 * TestCosts()->Modes(LargeSpec()).size());
  EXPECT_EQ(std::count_if(modes.begin(), modes.end(), GoesBySlabs), modes.size() / 2);
  EXPECT_THAT(modes, AllOf(Contains(kWhole), Contains(kSlabs)));
}

TEST(SlabModes, AreAllThereAreWhereTheWholeWasTooLargeToMeasure) {
  Calibration calibration = WithSlabs(2);
  calibration.decode.bytes = {};
  const std::vector<MemoryMode> modes = CostModel(TestFacts(), calibration).Modes(LargeSpec());
  EXPECT_EQ(modes.size(), TestCosts()->Modes(LargeSpec()).size());
  EXPECT_THAT(modes, Each(Field(&MemoryMode::autoencoder_in_slabs, true)));
}

TEST(SlabModes, TakeWhatSlabsTake) {
  const CostModel costs(TestFacts(), WithSlabs(2));
  const Prediction whole = costs.Predict(LargeSpec(), kWhole);
  const Prediction slabs = costs.Predict(LargeSpec(), kSlabs);
  const int64_t weights = whole.Of(Stage::kLoad).peak_bytes;
  EXPECT_EQ(slabs.Of(Stage::kDecode).peak_bytes - weights, 2 * kPictureMib * kTestMib);
  EXPECT_EQ(slabs.Of(Stage::kEncode).peak_bytes - weights, kPictureMib * kTestMib);
  EXPECT_EQ(whole.Of(Stage::kDecode).peak_bytes - weights, 8 * kPictureMib * kTestMib);
  for (const Stage stage : {Stage::kLoad, Stage::kClip, Stage::kDenoise}) {
    EXPECT_EQ(slabs.Of(stage).peak_bytes, whole.Of(stage).peak_bytes) << NameOf(stage);
    EXPECT_EQ(slabs.Of(stage).seconds, whole.Of(stage).seconds) << NameOf(stage);
  }
}

// A measurement that was a little too short would let slabs be used where nobody needs them.
TEST(SlabModes, AreNeverPredictedToSaveTime) {
  for (const double share : {0.5, 1.0, 3.0}) {
    Calibration calibration = WithSlabs(2);
    calibration.slab_encode.seconds.linear *= share;
    calibration.slab_decode.seconds.linear *= share;
    const CostModel costs(TestFacts(), calibration);
    for (const Stage stage : {Stage::kEncode, Stage::kDecode}) {
      const double whole = costs.Predict(LargeSpec(), kWhole).Of(stage).seconds;
      EXPECT_NEAR(costs.Predict(LargeSpec(), kSlabs).Of(stage).seconds, std::max(1.01, share) * whole, 1e-9);
    }
  }
}

std::vector<MemoryMode> ModesOf(const Admission& admission) {
  std::vector<MemoryMode> modes;
  for (const ModeEstimate& mode : admission.modes)
    modes.push_back(mode.prediction.mode);
  return modes;
}

Admission AdmissionOf(const Calibration& calibration, int64_t budget_mib) {
  return Admit(CostModel(TestFacts(), calibration), LargeSpec(), {.device_bytes = budget_mib * kTestMib});
}

// With all weights whole pictures take 4100 + 3072 MiB, slabs 4865, in denoising.
TEST(SlabModes, AreChosenWhereTheWholeDoesNotFit) {
  EXPECT_EQ(ModesOf(AdmissionOf(WithSlabs(2), 7172)).front(), kWhole);
  EXPECT_EQ(AdmissionOf(WithSlabs(2), 7172).chosen, 0);
  const Admission less = AdmissionOf(WithSlabs(2), 7171);
  ASSERT_TRUE(less.chosen.has_value());
  EXPECT_EQ(less.modes[*less.chosen].prediction.mode, kSlabs);
}

TEST(SlabModes, ThatTakeNoLessAreNotThere) {
  for (const double slab_kib : {8.0, 9.0}) {
    EXPECT_THAT(ModesOf(AdmissionOf(WithSlabs(slab_kib), 9000)), Each(Field(&MemoryMode::autoencoder_in_slabs, false)));
  }
}

TEST(SlabModes, AreNotThereWhereDenoisingTakesMore) {
  Calibration calibration = TestCalibration();  // 384 MiB, of 765 in denoising
  calibration.slab_decode.bytes = {.linear = 128};
  calibration.slab_encode.bytes = {.linear = 128};
  EXPECT_EQ(ModesOf(AdmissionOf(calibration, 9000)), ModesOf(AdmissionOf(TestCalibration(), 9000)));
}

// Those that are told are about as many as before: with few blocks on the device the whole does not pay any more.
TEST(SlabModes, LeaveTheListReadable) {
  EXPECT_LE(AdmissionOf(WithSlabs(2), 9000).modes.size(), AdmissionOf(TestCalibration(), 9000).modes.size() + 2);
}

TEST(SlabModes, AreFallenBackTo) {
  const CostModel costs(TestFacts(), WithSlabs(2));
  ASSERT_OK_AND_ASSIGN(const Placement placement, Place(costs, LargeSpec(), {.device_bytes = 9000 * kTestMib}));
  EXPECT_EQ(placement.prediction.mode, kWhole);
  ASSERT_FALSE(placement.fallbacks.empty());
  EXPECT_TRUE(placement.fallbacks.front().mode.autoencoder_in_slabs);
}

TEST(SlabModes, AreKeptOrAvoidedByAVideoThatGoesOn) {
  const CostModel costs(TestFacts(), WithSlabs(2));
  const MemoryBudget plenty = {.device_bytes = 9000 * kTestMib};
  for (const MemoryMode& before : {kWhole, kSlabs}) {
    ASSERT_OK_AND_ASSIGN(const Placement placement, PlaceAgain(costs, LargeSpec(), plenty, before));
    EXPECT_EQ(placement.prediction.mode, before);
  }
}

// The whole with fewer blocks takes less than 7171 MiB too.
TEST(SlabModes, AreAvoidedAtTheCostOfSpeed) {
  const CostModel costs(TestFacts(), WithSlabs(2));
  ASSERT_OK_AND_ASSIGN(const Placement placement,
                       PlaceAgain(costs, LargeSpec(), {.device_bytes = 7171 * kTestMib}, kWhole));
  EXPECT_FALSE(placement.prediction.mode.autoencoder_in_slabs);
  EXPECT_LT(placement.prediction.mode.resident_blocks, kWhole.resident_blocks);
}

TEST(SlabModes, AreTakenByAVideoThatGoesOnWhereNothingElseFits) {
  const CostModel costs(TestFacts(), WithSlabs(2));
  ASSERT_OK_AND_ASSIGN(const Placement placement,
                       PlaceAgain(costs, LargeSpec(), {.device_bytes = 3000 * kTestMib}, kWhole));
  EXPECT_TRUE(placement.prediction.mode.autoencoder_in_slabs);
}

}  // namespace
}  // namespace ruyi
