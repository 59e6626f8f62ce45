// The modes that are worth having with the large spec, fastest first, and what they take:
//   4 blocks, 3 states: 4865 MiB   4 blocks, 1 state: 4730   1 block, 3 states: 3865   0 blocks, 3 states: 2865
//   0 blocks, 1 state: 2730
// They take 0, 256, 3000, 4000 and 4256 MiB of the host's memory.
#include "core/plan/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/core/plan/large_spec.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::FieldsAre;
using testing::HasSubstr;
using testing::Optional;
using testing::Pair;

VideoSpec SpecWith(const MemorySettings& settings) {
  VideoSpec spec = LargeSpec();
  spec.memory = settings;
  return spec;
}

Admission AdmissionFor(const MemorySettings& settings, int64_t budget_mib) {
  return Admit(*TestCosts(), SpecWith(settings), {.device_bytes = budget_mib * kTestMib});
}

std::vector<int64_t> PeaksMib(const Admission& admission) {
  std::vector<int64_t> peaks;
  for (const ModeEstimate& mode : admission.modes)
    peaks.push_back(mode.prediction.peak_bytes() / kTestMib);
  return peaks;
}

TEST(Admit, KeepsTheModesThatTakeLessThanAllFasterOnes) {
  const Admission admission = AdmissionFor({}, 5000);
  EXPECT_THAT(PeaksMib(admission), ElementsAre(4865, 4730, 3865, 2865, 2730));
  for (size_t i = 1; i < admission.modes.size(); ++i)
    EXPECT_GT(admission.modes[i].prediction.seconds(), admission.modes[i - 1].prediction.seconds());
}

TEST(Admit, ChoosesTheFastestThatFits) {
  const std::vector<std::pair<int64_t, size_t>> choices = {{9000, 0}, {4865, 0}, {4864, 1}, {4730, 1},
                                                           {4729, 2}, {2865, 3}, {2864, 4}, {2730, 4}};
  for (const auto& [budget_mib, mode] : choices)
    EXPECT_THAT(AdmissionFor({}, budget_mib).chosen, Optional(mode)) << budget_mib;
  EXPECT_EQ(AdmissionFor({}, 2729).chosen, std::nullopt);
}

TEST(Admit, SaysOfEachModeWhetherItFits) {
  const Admission admission = AdmissionFor({}, 4000);
  EXPECT_EQ(admission.budget_bytes, 4000 * kTestMib);
  EXPECT_FALSE(admission.modes[1].fits);
  EXPECT_EQ(admission.modes[1].reason, "would take 4730 of 4000 MiB, in denoising");
  EXPECT_TRUE(admission.modes[2].fits);
  EXPECT_EQ(admission.modes[2].reason, "takes 3865 of 4000 MiB, in denoising");
}

TEST(Admit, SaysWhyTheModeWasChosen) {
  EXPECT_EQ(AdmissionFor({}, 5000).reason, "the fastest mode fits: it takes 4865 of 5000 MiB, in denoising");
  EXPECT_EQ(AdmissionFor({}, 4000).reason,
            "the fastest mode that fits: it takes 3865 of 4000 MiB, in denoising; the next faster one (4 blocks, 1 "
            "states, branches in turn) would take 4730 of 4000 MiB, in denoising");
  EXPECT_EQ(AdmissionFor({.policy = MemoryPolicy::kSmallest}, 5000).reason,
            "the smallest mode, as asked for: it takes 2730 of 5000 MiB, in denoising");
}

TEST(Admit, TheFastestOfAllOrNone) {
  const MemorySettings fastest = {.policy = MemoryPolicy::kFastest};
  EXPECT_THAT(AdmissionFor(fastest, 4865).chosen, Optional(0));
  const Admission none = AdmissionFor(fastest, 4864);
  EXPECT_EQ(none.chosen, std::nullopt);
  EXPECT_EQ(none.reason, "the fastest mode does not fit");
}

TEST(Admit, TheSmallestHoweverMuchThereIs) {
  const MemorySettings smallest = {.policy = MemoryPolicy::kSmallest};
  EXPECT_THAT(AdmissionFor(smallest, 9000).chosen, Optional(4));
  const Admission none = AdmissionFor(smallest, 2729);
  EXPECT_EQ(none.chosen, std::nullopt);
  EXPECT_EQ(none.reason, "no memory mode fits");
}

TEST(Admit, TheCallersCeilingCountsBesideTheBudget) {
  const Admission lower = AdmissionFor({.max_vram_mib = 3000}, 9000);
  EXPECT_EQ(lower.budget_bytes, 3000 * kTestMib);
  EXPECT_THAT(lower.chosen, Optional(3));
  const Admission higher = AdmissionFor({.max_vram_mib = 100'000}, 3000);
  EXPECT_EQ(higher.budget_bytes, 3000 * kTestMib);
  EXPECT_THAT(higher.chosen, Optional(3));
}

TEST(Admit, OfFixedBlocksOnlyTheStatesAreChosen) {
  const Admission admission = AdmissionFor({.resident_blocks = 3}, 9000);
  EXPECT_THAT(PeaksMib(admission), ElementsAre(5865, 5730));
  for (const ModeEstimate& mode : admission.modes)
    EXPECT_EQ(mode.prediction.mode.resident_blocks, 3);
}

TEST(Admit, OfFixedStatesOnlyTheBlocksAreChosen) {
  const Admission admission = AdmissionFor({.resident_states = 2}, 9000);
  EXPECT_THAT(PeaksMib(admission), ElementsAre(4820, 3820, 2820));
  for (const ModeEstimate& mode : admission.modes)
    EXPECT_EQ(mode.prediction.mode.resident_states, 2);
}

TEST(Admit, BothFixedLeaveOneMode) {
  const Admission admission = AdmissionFor({.resident_blocks = 0, .resident_states = 3}, 9000);
  ASSERT_EQ(admission.modes.size(), 1);
  EXPECT_EQ(admission.modes[0].prediction.mode, (MemoryMode{0, 3, true}));
  EXPECT_THAT(admission.chosen, Optional(0));
}

// A spec may come from the job of another model.
TEST(Admit, OfMoreBlocksAndStatesThanThereAreMeansAll) {
  const Admission admission = AdmissionFor({.resident_blocks = 5, .resident_states = 4}, 9000);
  ASSERT_EQ(admission.modes.size(), 1);
  EXPECT_EQ(admission.modes[0].prediction.mode, (MemoryMode{4, 3, true}));
}

TEST(Admit, TakesAsManyBlocksAndStatesAsThereAre) {
  EXPECT_THAT(AdmissionFor({.resident_blocks = 4, .resident_states = 3}, 9000).chosen, Optional(0));
}

// A spec whose pictures take more than its transformer.
TEST(Admit, NamesTheStageThatTakesTheMost) {
  VideoSpec spec = LargeSpec();
  spec.latents.frames = 1;
  const Admission admission = Admit(*TestCosts(), spec, {.device_bytes = 9000 * kTestMib});
  EXPECT_THAT(admission.reason, HasSubstr("in encoding"));
}

std::vector<int64_t> PeaksMib(const std::vector<Prediction>& predictions) {
  std::vector<int64_t> peaks;
  for (const Prediction& prediction : predictions)
    peaks.push_back(prediction.peak_bytes() / kTestMib);
  return peaks;
}

TEST(Place, GivesTheModeWithItsPredictionItsFallbacksAndTheReason) {
  ASSERT_OK_AND_ASSIGN(const Placement placement, Place(*TestCosts(), LargeSpec(), {.device_bytes = 4800 * kTestMib}));
  EXPECT_EQ(placement.prediction.mode, (MemoryMode{4, 1, true}));
  EXPECT_EQ(placement.prediction.peak_bytes(), 4730 * kTestMib);
  EXPECT_DOUBLE_EQ(placement.prediction.seconds(),
                   TestCosts()->Predict(LargeSpec(), placement.prediction.mode).seconds());
  EXPECT_THAT(PeaksMib(placement.fallbacks), ElementsAre(3865, 2865, 2730));
  EXPECT_EQ(placement.budget_bytes, 4800 * kTestMib);
  EXPECT_THAT(placement.reason, HasSubstr("the fastest mode that fits: it takes 4730 of 4800 MiB"));
}

TEST(Place, TheSmallestModeHasNothingToFallBackTo) {
  ASSERT_OK_AND_ASSIGN(const Placement placement, Place(*TestCosts(), LargeSpec(), {.device_bytes = 2730 * kTestMib}));
  EXPECT_THAT(placement.fallbacks, testing::IsEmpty());
}

TEST(Place, ObeysTheSettingsOfTheSpec) {
  const VideoSpec spec = SpecWith({.policy = MemoryPolicy::kSmallest, .max_vram_mib = 4000});
  ASSERT_OK_AND_ASSIGN(const Placement placement, Place(*TestCosts(), spec, {.device_bytes = 9000 * kTestMib}));
  EXPECT_EQ(placement.prediction.mode, (MemoryMode{0, 1, true}));
  EXPECT_EQ(placement.budget_bytes, 4000 * kTestMib);
}

TEST(Place, RefusesASpecThatNoModeFits) {
  const absl::Status status = Place(*TestCosts(), LargeSpec(), {.device_bytes = 2729 * kTestMib}).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("would take 2730 of 2729 MiB")));
  EXPECT_THAT(status, HasReason(reason::kVramBudget));
  EXPECT_EQ(GetErrorInfo(status).unmet_preconditions.size(), 5);
}

TEST(Place, KeepsMoreOfTheModelOnTheDeviceInEightBits) {
  constexpr MemoryBudget kBudget = {.device_bytes = 2729 * kTestMib};
  ASSERT_THAT(Place(*TestCosts(), LargeSpec(), kBudget), StatusIs(absl::StatusCode::kFailedPrecondition));
  VideoSpec spec = LargeSpec();
  spec.fp8.mode = Fp8Mode::kExtreme;  // a quarter of the weights
  ASSERT_OK_AND_ASSIGN(const Placement placement, Place(*TestCosts(), spec, kBudget));
  EXPECT_EQ(placement.prediction.mode.resident_blocks, 4);
}

TEST(NothingFits, TellsOfEveryModeAndWhatToDo) {
  const Admission admission = AdmissionFor({}, 2000);
  const absl::Status status = NothingFits(admission);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr("no memory mode fits; the smallest one (0 blocks, 1 states, branches in "
                                               "turn) would take 2730 of 2000 MiB, in denoising"),
                                     HasSubstr("fewer frames"), HasSubstr("lower resolution"), HasSubstr("vae_tiling"),
                                     HasSubstr("raise the budget"))));
  EXPECT_THAT(status, HasReason(reason::kVramBudget));
  const ErrorInfo info = GetErrorInfo(status);
  EXPECT_THAT(info.metadata, ElementsAre(Pair("budget_mib", "2000")));
  ASSERT_EQ(info.unmet_preconditions.size(), 5);
  EXPECT_THAT(info.unmet_preconditions.front(),
              FieldsAre("4 blocks, 3 states, branches in turn", "would take 4865 of 2000 MiB, in denoising"));
  EXPECT_THAT(info.unmet_preconditions.back(),
              FieldsAre("0 blocks, 1 states, branches in turn", "would take 2730 of 2000 MiB, in denoising"));
}

TEST(NothingFits, OfAPolicyTellsOnlyOfTheModesThatDoNotFit) {
  const Admission admission = AdmissionFor({.policy = MemoryPolicy::kFastest}, 3000);
  const absl::Status status = NothingFits(admission);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr("the fastest mode does not fit"), HasSubstr("leave the policy out"))));
  ASSERT_EQ(admission.modes.size(), 5);
  EXPECT_EQ(GetErrorInfo(status).unmet_preconditions.size(), 3);
}

Admission AdmissionOnHost(const MemorySettings& settings, int64_t device_mib, int64_t host_mib) {
  return Admit(*TestCosts(), SpecWith(settings),
               {.device_bytes = device_mib * kTestMib, .host_bytes = host_mib * kTestMib});
}

std::vector<int64_t> HostMib(const Admission& admission) {
  std::vector<int64_t> mib;
  for (const ModeEstimate& mode : admission.modes)
    mib.push_back(mode.prediction.host_bytes / kTestMib);
  return mib;
}

TEST(HostMemory, IsPredictedForEveryMode) {
  const Admission admission = AdmissionOnHost({}, 9000, 9000);
  EXPECT_THAT(HostMib(admission), ElementsAre(0, 256, 3000, 4000, 4256));
  EXPECT_EQ(admission.host_budget_bytes, 9000 * kTestMib);
}

TEST(HostMemory, AModeThatTakesMoreIsNotChosen) {
  EXPECT_THAT(AdmissionOnHost({}, 4000, 3000).chosen, Optional(2));
  const Admission none = AdmissionOnHost({}, 4000, 2999);
  EXPECT_EQ(none.chosen, std::nullopt);
  EXPECT_FALSE(none.modes[2].fits);
  EXPECT_FALSE(none.modes[2].fits_host);
  EXPECT_EQ(none.modes[2].reason, "would take 3000 of 2999 MiB of the host's memory");
  EXPECT_TRUE(none.modes[0].fits_host);
  EXPECT_EQ(none.modes[0].reason, "would take 4865 of 4000 MiB, in denoising");
}

TEST(HostMemory, OfAModeThatFitsNeitherBothAreTold) {
  EXPECT_EQ(AdmissionOnHost({}, 3000, 2000).modes[2].reason,
            "would take 3865 of 3000 MiB, in denoising, and would take 3000 of 2000 MiB of the host's memory");
}

// 1 block and 3 states take 3865 MiB of the device, and 0 blocks take 4000 of the host. 1 block and 1 state take 3730
// and 3256; where the host has more, 0 blocks are faster and take less of the device.
TEST(HostMemory, ModesThatOnlyItMakesWorthHavingAreThere) {
  const Admission admission = AdmissionOnHost({}, 3800, 3300);
  ASSERT_TRUE(admission.chosen.has_value());
  const Prediction& chosen = admission.modes[*admission.chosen].prediction;
  EXPECT_EQ(chosen.mode.resident_blocks, 1);
  EXPECT_LE(chosen.peak_bytes(), 3800 * kTestMib);
  EXPECT_LE(chosen.host_bytes, 3300 * kTestMib);
}

TEST(HostMemory, IsNoMoreThanTheSettingsAllow) {
  EXPECT_EQ(AdmissionOnHost({.max_host_mib = 100}, 9000, 9000).host_budget_bytes, 100 * kTestMib);
  EXPECT_EQ(AdmissionOnHost({.max_host_mib = 9001}, 9000, 9000).host_budget_bytes, 9000 * kTestMib);
}

TEST(HostMemory, FallbacksFitItToo) {
  const VideoSpec spec = LargeSpec();
  ASSERT_OK_AND_ASSIGN(const Placement placement,
                       Place(*TestCosts(), spec, {.device_bytes = 5000 * kTestMib, .host_bytes = 3500 * kTestMib}));
  EXPECT_EQ(placement.prediction.mode, (MemoryMode{4, 3, true}));
  ASSERT_FALSE(placement.fallbacks.empty());
  int64_t before = placement.prediction.peak_bytes();
  for (const Prediction& fallback : placement.fallbacks) {
    EXPECT_LE(fallback.host_bytes, 3500 * kTestMib);
    EXPECT_LT(fallback.peak_bytes(), before);
    before = fallback.peak_bytes();
  }
}

TEST(HostMemory, TheSmallestModeIsTheSmallestThatFitsIt) {
  const Admission admission = AdmissionOnHost({.policy = MemoryPolicy::kSmallest}, 9000, 3300);
  ASSERT_TRUE(admission.chosen.has_value());
  EXPECT_EQ(admission.modes[*admission.chosen].prediction.mode, (MemoryMode{1, 1, true}));
}

TEST(NothingFits, BecauseOfTheHostSaysSoAndWhatToDo) {
  const absl::Status status = NothingFits(AdmissionOnHost({}, 4000, 2000));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr("would take 3000 of 2000 MiB of the host's memory"),
                                     HasSubstr("max_host_mib"), HasSubstr("fewer frames"))));
  EXPECT_THAT(status, HasReason(reason::kHostMemory));
  const ErrorInfo info = GetErrorInfo(status);
  EXPECT_THAT(info.metadata, ElementsAre(Pair("host_budget_mib", "2000")));
  EXPECT_EQ(info.unmet_preconditions.size(), 5);
}

TEST(NothingFits, WhereTheDeviceIsTooSmallForEveryModeIsNotTheHostsFault) {
  EXPECT_THAT(NothingFits(AdmissionOnHost({}, 2000, 1)), HasReason(reason::kVramBudget));
}

TEST(NothingFits, OfTheFastestModeIsTheFaultOfWhatThatLacks) {
  MemorySettings fastest = {.policy = MemoryPolicy::kFastest};
  EXPECT_THAT(NothingFits(AdmissionOnHost(fastest, 4800, 9000)), HasReason(reason::kVramBudget));
  fastest.resident_blocks = 1;
  EXPECT_THAT(NothingFits(AdmissionOnHost(fastest, 9000, 2999)), HasReason(reason::kHostMemory));
  EXPECT_EQ(AdmissionOnHost(fastest, 9000, 3000).chosen, std::optional<size_t>(0));
}

}  // namespace
}  // namespace ruyi
