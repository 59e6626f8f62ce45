#include "core/pipeline/ruyi/first_mode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/base/error_reasons.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_costs.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Of the plan's mode and all that it falls back to.
std::vector<int64_t> WeightMib(const GenerationPlan& plan) {
  std::vector<int64_t> mib = {plan.prediction.Of(Stage::kLoad).peak_bytes / kTestMib};
  for (const Prediction& mode : plan.fallbacks)
    mib.push_back(mode.Of(Stage::kLoad).peak_bytes / kTestMib);
  return mib;
}

TEST(StartWithLargest, GoesDownFromTheMostWeightsThatFit) {
  GenerationPlan plan;
  ASSERT_THAT(StartWithLargest(*TestCosts(), 10000 * kTestMib, plan), IsOk());
  EXPECT_THAT(WeightMib(plan), ElementsAre(5100, 4100, 4100, 3100, 2100, 2100));
  ASSERT_THAT(StartWithLargest(*TestCosts(), 3100 * kTestMib, plan), IsOk());
  EXPECT_THAT(WeightMib(plan), ElementsAre(3100, 2100, 2100));
}

TEST(StartWithLargest, EndsWithTheFewestStates) {
  GenerationPlan plan;
  ASSERT_THAT(StartWithLargest(*TestCosts(), 2100 * kTestMib, plan), IsOk());
  EXPECT_EQ(plan.prediction.mode.resident_states, TestFacts().states);
  ASSERT_EQ(plan.fallbacks.size(), 1);
  EXPECT_EQ(plan.fallbacks[0].mode.resident_blocks, 0);
  EXPECT_EQ(plan.fallbacks[0].mode.resident_states, 1);
}

TEST(StartWithLargest, IsRefusedWhereNotEvenTheLeastWeightsFit) {
  GenerationPlan plan;
  const absl::Status status = StartWithLargest(*TestCosts(), 2100 * kTestMib - 1, plan);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("alone take 2100 MiB")));
  EXPECT_THAT(status, HasReason(reason::kVramBudget));
}

}  // namespace
}  // namespace ruyi
