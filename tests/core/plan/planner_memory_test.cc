// Tests what a planner says about memory; admission_test.cc lists what the modes take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/plan/planner.h"
#include "tests/core/plan/large_spec.h"
#include "tests/support/request_of_spec.h"

namespace ruyi {
namespace {

using testing::Optional;
using testing::SizeIs;

// Returns a request for the large spec.
ValidatedRequest LargeRequest() {
  return RequestOf(LargeSpec());
}

// Returns a planner for a device that has `available_mib`.
Planner PlannerWith(int64_t available_mib) {
  return Planner({.draw_seed = [] { return 1; },
                  .costs = TestCosts(),
                  .available = [available_mib] { return MemoryBudget{.device_bytes = available_mib * kTestMib}; }});
}

TEST(PlannerMemory, AsksForTheDevicesMemoryAtEveryRequest) {
  int64_t available_mib = 9000;
  const Planner planner({.draw_seed = [] { return 1; },
                         .costs = TestCosts(),
                         .available = [&] { return MemoryBudget{.device_bytes = available_mib * kTestMib}; }});
  EXPECT_THAT(planner.Plan(LargeRequest()).admission.chosen, Optional(0));
  available_mib = 3000;
  EXPECT_THAT(planner.Plan(LargeRequest()).admission.chosen, Optional(3));
}

TEST(PlannerMemory, ObeysTheSettingsOfTheRequest) {
  ValidatedRequest request = LargeRequest();
  request.memory = {.policy = MemoryPolicy::kSmallest, .max_vram_mib = 4000};
  const PlannedVideo video = PlannerWith(9000).Plan(request);
  EXPECT_THAT(video.admission.chosen, Optional(4));
  EXPECT_EQ(video.admission.budget_bytes, 4000 * kTestMib);
  EXPECT_EQ(video.spec.memory.policy, MemoryPolicy::kSmallest);
  EXPECT_THAT(video.spec.memory.max_vram_mib, Optional(4000));
}

TEST(PlannerMemory, CountsTheBytesOfLoras) {
  ValidatedRequest request = LargeRequest();
  EXPECT_THAT(PlannerWith(4865).Plan(request).admission.chosen, Optional(0));
  request.lora_bytes = kTestMib;
  EXPECT_THAT(PlannerWith(4865).Plan(request).admission.chosen, Optional(1));
}

TEST(PlannerMemory, AdvisesForAnotherDevice) {
  const PlannedVideo video = PlannerWith(2000).Plan(LargeRequest(), 5000 * kTestMib);
  EXPECT_THAT(video.admission.chosen, Optional(0));
  EXPECT_EQ(video.admission.budget_bytes, 5000 * kTestMib);
}

TEST(PlannerMemory, RefusesNothing) {
  const PlannedVideo video = PlannerWith(1).Plan(LargeRequest());
  EXPECT_EQ(video.admission.chosen, std::nullopt);
  EXPECT_THAT(video.admission.modes, SizeIs(5));
  EXPECT_EQ(video.admission.reason, "no memory mode fits");
  EXPECT_EQ(video.spec.frame_count, 120);
}

TEST(Planner, TellsWhatTheHostHas) {
  const Planner planner(
      {.draw_seed = [] { return 1; },
       .costs = TestCosts(),
       .available = [] { return MemoryBudget{.device_bytes = 9000 * kTestMib, .host_bytes = 7000 * kTestMib}; }});
  EXPECT_EQ(planner.Plan(RequestOf(TestSpec())).admission.host_budget_bytes, 7000 * kTestMib);
  EXPECT_EQ(planner.Plan(RequestOf(TestSpec()), 100).admission.host_budget_bytes, 7000 * kTestMib);
}

}  // namespace
}  // namespace ruyi
