// The memory mode of a plan; what the modes take is listed in admission_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/plan/planner.h"
#include "tests/core/plan/large_plan.h"
#include "tests/support/request_of_plan.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

// For the large plan.
ValidatedRequest LargeRequest() {
  return RequestOf(LargePlan());
}

// For a device that has so much.
Planner PlannerWith(int64_t available_mib) {
  return Planner({.limits = {},
                  .draw_seed = [] { return 1; },
                  .costs = TestCosts(),
                  .available_bytes = [available_mib] { return available_mib * kTestMib; }});
}

std::vector<int64_t> PeaksMib(const std::vector<Prediction>& predictions) {
  std::vector<int64_t> peaks;
  for (const Prediction& prediction : predictions)
    peaks.push_back(prediction.peak_bytes() / kTestMib);
  return peaks;
}

TEST(PlannerMemory, PlansTheModeWithItsPredictionItsFallbacksAndTheReason) {
  ASSERT_OK_AND_ASSIGN(const GenerationPlan plan, PlannerWith(4800).Plan(LargeRequest()));
  EXPECT_EQ(plan.prediction.mode, (MemoryMode{4, 1, true}));
  EXPECT_EQ(plan.prediction.peak_bytes(), 4730 * kTestMib);
  EXPECT_DOUBLE_EQ(plan.prediction.seconds(), TestCosts()->Predict(LargePlan(), plan.prediction.mode).seconds());
  EXPECT_THAT(PeaksMib(plan.fallbacks), ElementsAre(3865, 2865, 2730));
  EXPECT_EQ(plan.budget_bytes, 4800 * kTestMib);
  EXPECT_THAT(plan.memory_reason, HasSubstr("the fastest mode that fits: it takes 4730 of 4800 MiB"));
}

TEST(PlannerMemory, TheSmallestModeHasNothingToFallBackTo) {
  ASSERT_OK_AND_ASSIGN(const GenerationPlan plan, PlannerWith(2730).Plan(LargeRequest()));
  EXPECT_THAT(plan.fallbacks, IsEmpty());
}

TEST(PlannerMemory, AsksForTheDevicesMemoryAtEveryRequest) {
  int64_t available_mib = 9000;
  const Planner planner({.limits = {},
                         .draw_seed = [] { return 1; },
                         .costs = TestCosts(),
                         .available_bytes = [&] { return available_mib * kTestMib; }});
  ASSERT_OK_AND_ASSIGN(const GenerationPlan before, planner.Plan(LargeRequest()));
  available_mib = 3000;
  ASSERT_OK_AND_ASSIGN(const GenerationPlan after, planner.Plan(LargeRequest()));
  EXPECT_EQ(before.prediction.mode.resident_blocks, 4);
  EXPECT_EQ(after.prediction.mode.resident_blocks, 0);
}

TEST(PlannerMemory, ObeysTheSettingsOfTheRequest) {
  ValidatedRequest request = LargeRequest();
  request.memory = {.policy = MemoryPolicy::kSmallest, .max_vram_mib = 4000};
  ASSERT_OK_AND_ASSIGN(const GenerationPlan plan, PlannerWith(9000).Plan(request));
  EXPECT_EQ(plan.prediction.mode, (MemoryMode{0, 1, true}));
  EXPECT_EQ(plan.budget_bytes, 4000 * kTestMib);
}

TEST(PlannerMemory, CountsTheBytesOfLoras) {
  ValidatedRequest request = LargeRequest();
  ASSERT_OK_AND_ASSIGN(const GenerationPlan without, PlannerWith(4865).Plan(request));
  request.lora_bytes = kTestMib;
  ASSERT_OK_AND_ASSIGN(const GenerationPlan with, PlannerWith(4865).Plan(request));
  EXPECT_EQ(without.prediction.mode.resident_states, 3);
  EXPECT_EQ(with.prediction.mode.resident_states, 1);
}

TEST(PlannerMemory, RefusesAPlanThatNoModeFits) {
  const absl::Status status = PlannerWith(2729).Plan(LargeRequest()).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("would take 2730 of 2729 MiB")));
  EXPECT_THAT(status, HasReason(reason::kVramBudget));
  EXPECT_THAT(GetErrorInfo(status).unmet_preconditions, SizeIs(5));
}

TEST(PlannerMemory, RefusesMoreBlocksThanThereAre) {
  ValidatedRequest request = LargeRequest();
  request.memory.resident_blocks = 5;
  const absl::Status status = PlannerWith(9000).Plan(request).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(GetErrorInfo(status).field_violations, ElementsAre(FieldsAre("memory.resident_blocks", testing::_)));
}

TEST(PlannerMemory, EstimatesForThisDevice) {
  ASSERT_OK_AND_ASSIGN(const Estimate estimate, PlannerWith(4000).EstimateFor(LargeRequest(), std::nullopt));
  EXPECT_THAT(estimate.admission.chosen, Optional(2));
  EXPECT_EQ(estimate.plan.prediction.mode, (MemoryMode{1, 3, true}));
  EXPECT_EQ(estimate.plan.budget_bytes, 4000 * kTestMib);
}

TEST(PlannerMemory, EstimatesForAnotherDevice) {
  ASSERT_OK_AND_ASSIGN(const Estimate estimate, PlannerWith(2000).EstimateFor(LargeRequest(), 5000 * kTestMib));
  EXPECT_THAT(estimate.admission.chosen, Optional(0));
  EXPECT_EQ(estimate.plan.budget_bytes, 5000 * kTestMib);
  EXPECT_THAT(PeaksMib(estimate.plan.fallbacks), SizeIs(4));
}

TEST(PlannerMemory, EstimatesOfWhatDoesNotFitAreNoRefusal) {
  ASSERT_OK_AND_ASSIGN(const Estimate estimate, PlannerWith(1).EstimateFor(LargeRequest(), std::nullopt));
  EXPECT_EQ(estimate.admission.chosen, std::nullopt);
  EXPECT_THAT(estimate.admission.modes, SizeIs(5));
  EXPECT_EQ(estimate.plan.memory_reason, "no memory mode fits");
  EXPECT_EQ(estimate.plan.frame_count, 120);
}

TEST(PlannerMemory, EstimatesOfWrongRequestsAreRefused) {
  ValidatedRequest request = LargeRequest();
  request.memory.resident_states = 9;
  EXPECT_THAT(PlannerWith(9000).EstimateFor(request, std::nullopt), StatusIs(absl::StatusCode::kInvalidArgument));
  request = LargeRequest();
  request.start_images = {{.width = 800, .height = 100, .pixels = {}}};
  request.resolution = BaseResolution{896};
  EXPECT_THAT(PlannerWith(9000).EstimateFor(request, std::nullopt), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace ruyi
