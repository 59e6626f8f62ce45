// Tests what a change of the memory mode is predicted to take, and when it is worth that. The modes of the large spec
// are those of admission_test.cc; a step of 0 blocks takes 2 % more than one of 4.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

#include "core/plan/admission.h"
#include "core/plan/planner.h"
#include "tests/core/plan/large_spec.h"
#include "tests/support/request_of_spec.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr MemoryMode kAll = {.resident_blocks = 4, .resident_states = 3, .branches_in_turn = true};
constexpr MemoryMode kOne = {.resident_blocks = 1, .resident_states = 3, .branches_in_turn = true};
constexpr MemoryMode kNone = {.resident_blocks = 0, .resident_states = 3, .branches_in_turn = true};

// 1000 MiB a second are placed, 2000 filled and 500 pinned.
CostModel Costs(ModelFacts facts = TestFacts()) {
  Calibration calibration = TestCalibration();
  calibration.place_bytes_per_second = 1000.0 * kTestMib;
  calibration.fill_bytes_per_second = 2000.0 * kTestMib;
  calibration.pin_bytes_per_second = 500.0 * kTestMib;
  return CostModel(std::move(facts), calibration);
}

VideoSpec SpecOf(int steps) {
  VideoSpec spec = LargeSpec();
  spec.steps = steps;
  return spec;
}

// The advice for a video on a device with room for every mode, where the model lies as `mode` says.
Admission AdmitAfter(std::optional<MemoryMode> mode, const VideoSpec& spec, int64_t device_mib = 9000) {
  return Admit(Costs(), spec,
               {.device_bytes = device_mib * kTestMib, .placed = {.mode = mode, .pinned_bytes = 4000 * kTestMib}});
}

const Prediction& ChosenOf(const Admission& admission) {
  return admission.modes.at(admission.chosen.value()).prediction;
}

double LoadSeconds(const Admission& admission) {
  return ChosenOf(admission).Of(Stage::kLoad).seconds;
}

TEST(ChangeSeconds, AreNoneWhereAsManyBlocksAreThere) {
  MemoryMode fewer_states = kNone;
  fewer_states.resident_states = 1;
  EXPECT_EQ(Costs().ChangeSeconds({.mode = kNone}, LargeSpec(), fewer_states), 0);
}

TEST(ChangeSeconds, AreThoseOfPlacingFillingAndPinning) {
  EXPECT_DOUBLE_EQ(Costs().ChangeSeconds({.mode = kNone}, LargeSpec(), kAll), 4);
  EXPECT_DOUBLE_EQ(Costs().ChangeSeconds({.mode = kAll}, LargeSpec(), kNone), 2 + 2 + 8);
  EXPECT_DOUBLE_EQ(Costs().ChangeSeconds({}, LargeSpec(), kNone), 2 + 2 + 8);
}

TEST(ChangeSeconds, WhatIsPinnedNeedNotBePinnedAgain) {
  EXPECT_DOUBLE_EQ(Costs().ChangeSeconds({.mode = kAll, .pinned_bytes = 1000 * kTestMib}, LargeSpec(), kNone),
                   2 + 2 + 6);
  EXPECT_DOUBLE_EQ(Costs().ChangeSeconds({.mode = kAll, .pinned_bytes = 9000 * kTestMib}, LargeSpec(), kNone), 2 + 2);
}

TEST(ChangeSeconds, CountOnEachDevice) {
  ModelFacts facts = TestFacts();
  facts.devices = 2;
  EXPECT_DOUBLE_EQ(Costs(facts).ChangeSeconds({.mode = kAll}, LargeSpec(), kNone), 2 * (2 + 2 + 8));
}

// They are made of the loaded ones, all of which cross to the device.
TEST(ChangeSeconds, OfWeightsInOtherBitsAreThoseOfPlacingAll) {
  VideoSpec strong = LargeSpec();
  strong.fp8.mode = Fp8Mode::kStrong;  // half of the weights
  EXPECT_DOUBLE_EQ(Costs().ChangeSeconds({.mode = kAll}, strong, kAll), 4);
  EXPECT_DOUBLE_EQ(Costs().ChangeSeconds({.mode = kNone}, strong, kNone), 4 + 1 + 4);
  EXPECT_EQ(Costs().ChangeSeconds({.mode = kAll, .fp8 = strong.fp8}, strong, kAll), 0);
  EXPECT_DOUBLE_EQ(Costs().ChangeSeconds({.mode = kAll, .fp8 = strong.fp8}, LargeSpec(), kAll), 4);
  VideoSpec no_mode = LargeSpec();
  no_mode.fp8.type = Fp8Type::kE5m2;
  EXPECT_EQ(Costs().ChangeSeconds({.mode = kAll}, no_mode, kAll), 0);
}

TEST(ChangeSeconds, AreNoneWhereNothingWasMeasured) {
  EXPECT_EQ(TestCosts()->ChangeSeconds({.mode = kAll}, LargeSpec(), kNone), 0);
}

// All blocks save 2 % of a step, 1.8 s, and take 4 s.
TEST(ModeChange, AModeThatIsThereIsKeptWhenItIsNearlyAsGood) {
  const Admission admission = AdmitAfter(kNone, SpecOf(1));
  EXPECT_EQ(ChosenOf(admission).mode, kNone);
  EXPECT_EQ(LoadSeconds(admission), 0);
  EXPECT_EQ(
      admission.reason,
      "the fastest mode that fits, already in place: it takes 2865 of 9000 MiB, in denoising; 4 blocks, 3 states, "
      "branches in turn would take 4 s more for the change and save 1.9 s");
}

TEST(ModeChange, IsMadeWhenItPays) {
  const Admission admission = AdmitAfter(kNone, SpecOf(3));
  EXPECT_EQ(ChosenOf(admission).mode, kAll);
  EXPECT_DOUBLE_EQ(LoadSeconds(admission), 4);
  EXPECT_THAT(admission.reason, StartsWith("the fastest mode fits: it takes"));
}

TEST(ModeChange, IsMadeWhereTheModeThatIsThereDoesNotFit) {
  const Admission admission = AdmitAfter(kAll, SpecOf(1), 3000);
  EXPECT_EQ(ChosenOf(admission).mode, kNone);
  EXPECT_DOUBLE_EQ(LoadSeconds(admission), 2 + 2);
}

// Nothing lies on the device: one block takes 3 s to place, and 1.5 s for what is streamed.
TEST(ModeChange, OfNothingCountsForEveryMode) {
  const Admission admission = AdmitAfter(std::nullopt, SpecOf(1));
  EXPECT_EQ(ChosenOf(admission).mode, kAll);
  for (const ModeEstimate& mode : admission.modes)
    EXPECT_GT(mode.prediction.Of(Stage::kLoad).seconds, 0);
}

// The time to fill what is streamed is less than the time to place all of it.
TEST(ModeChange, AModeThatIsSoonerThereIsToldAsSuch) {
  Calibration calibration = TestCalibration();
  calibration.place_bytes_per_second = 100.0 * kTestMib;
  const Admission admission = Admit(CostModel(TestFacts(), calibration), SpecOf(1), {.device_bytes = 9000 * kTestMib});
  EXPECT_EQ(ChosenOf(admission).mode, kNone);
  EXPECT_THAT(admission.reason, StartsWith("the fastest mode that fits, with the change to it: it takes"));
  EXPECT_THAT(admission.reason, HasSubstr("would take 20 s more for the change and save 1.9 s"));
}

TEST(ModeChange, FallbacksAreSmallerThanTheModeThatIsKept) {
  ASSERT_OK_AND_ASSIGN(const Placement placement,
                       Place(Costs(), SpecOf(1), {.device_bytes = 9000 * kTestMib, .placed = {.mode = kOne}}));
  EXPECT_EQ(placement.prediction.mode, kOne);
  ASSERT_FALSE(placement.fallbacks.empty());
  int64_t before = placement.prediction.peak_bytes();
  for (const Prediction& fallback : placement.fallbacks) {
    EXPECT_LT(fallback.peak_bytes(), before);
    before = fallback.peak_bytes();
  }
}

// A long video that leaves room for no block, and a short one: only the first of them finds another mode than its own.
TEST(ModeChange, TwoVideosInTurnDoNotDriveEachOtherOut) {
  std::optional<MemoryMode> placed = kAll;
  int changes = 0;
  for (int round = 0; round < 4; ++round) {
    for (const auto& [steps, device_mib] : {std::pair(20, 3000), std::pair(1, 9000)}) {
      const Prediction chosen = ChosenOf(AdmitAfter(placed, SpecOf(steps), device_mib));
      changes += chosen.Of(Stage::kLoad).seconds > 0 ? 1 : 0;
      placed = chosen.mode;
    }
  }
  EXPECT_EQ(changes, 1);
}

TEST(ModeChange, PoliciesNameTheirModeWhateverTheChangeTakes) {
  VideoSpec spec = SpecOf(1);
  spec.memory.policy = MemoryPolicy::kFastest;
  const Admission fastest = AdmitAfter(kNone, spec);
  EXPECT_EQ(ChosenOf(fastest).mode, kAll);
  EXPECT_DOUBLE_EQ(LoadSeconds(fastest), 4);
  EXPECT_EQ(AdmitAfter(kNone, spec, 4864).chosen, std::nullopt);
  spec.memory.policy = MemoryPolicy::kSmallest;
  const Admission smallest = AdmitAfter(kAll, spec);
  EXPECT_EQ(ChosenOf(smallest).mode.resident_blocks, 0);
  EXPECT_DOUBLE_EQ(LoadSeconds(smallest), 4);
}

// A planner asks how the model lies now, but for another device, on which nothing does.
TEST(ModeChange, IsToldAsTheVideoIsPlanned) {
  const Planner planner(
      {.draw_seed = [] { return 1; },
       .costs = std::make_shared<const CostModel>(Costs()),
       .available = [] { return MemoryBudget{.device_bytes = 9000 * kTestMib, .placed = {.mode = kAll}}; }});
  EXPECT_EQ(LoadSeconds(planner.Plan(RequestOf(SpecOf(1))).admission), 0);
  EXPECT_DOUBLE_EQ(LoadSeconds(planner.Plan(RequestOf(SpecOf(1)), 9000 * kTestMib).admission), 4);
}

}  // namespace
}  // namespace ruyi
