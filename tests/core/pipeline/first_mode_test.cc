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

// Returns the MiB of the weights of the first mode and of all its fallbacks.
std::vector<int64_t> WeightMib(const Placement& placement) {
  std::vector<int64_t> mib = {placement.prediction.Of(Stage::kLoad).peak_bytes / kTestMib};
  for (const Prediction& mode : placement.fallbacks)
    mib.push_back(mode.Of(Stage::kLoad).peak_bytes / kTestMib);
  return mib;
}

TEST(StartWithLargest, GoesDownFromTheMostWeightsThatFit) {
  ASSERT_OK_AND_ASSIGN(const Placement enough, StartWithLargest(*TestCosts(), {}, {.device_bytes = 10000 * kTestMib}));
  EXPECT_THAT(WeightMib(enough), ElementsAre(5100, 4100, 4100, 3100, 2100, 2100));
  ASSERT_OK_AND_ASSIGN(const Placement less, StartWithLargest(*TestCosts(), {}, {.device_bytes = 3100 * kTestMib}));
  EXPECT_THAT(WeightMib(less), ElementsAre(3100, 2100, 2100));
}

TEST(StartWithLargest, EndsWithTheFewestStates) {
  ASSERT_OK_AND_ASSIGN(const Placement placement,
                       StartWithLargest(*TestCosts(), {}, {.device_bytes = 2100 * kTestMib}));
  EXPECT_EQ(placement.prediction.mode.resident_states, TestFacts().states);
  ASSERT_EQ(placement.fallbacks.size(), 1);
  EXPECT_EQ(placement.fallbacks[0].mode.resident_blocks, 0);
  EXPECT_EQ(placement.fallbacks[0].mode.resident_states, 1);
}

TEST(StartWithLargest, GoesBySlabsWhereItIsToldTo) {
  ASSERT_OK_AND_ASSIGN(const Placement slabs,
                       StartWithLargest(*TestCosts(), {}, {.device_bytes = 10000 * kTestMib}, /*in_slabs=*/true));
  EXPECT_THAT(WeightMib(slabs), ElementsAre(5100, 4100, 4100, 3100, 2100, 2100));
  EXPECT_TRUE(slabs.prediction.mode.autoencoder_in_slabs);
  for (const Prediction& mode : slabs.fallbacks)
    EXPECT_TRUE(mode.mode.autoencoder_in_slabs);
}

TEST(StartWithLargest, IsRefusedWhereNotEvenTheLeastWeightsFit) {
  const absl::Status status = StartWithLargest(*TestCosts(), {}, {.device_bytes = 2100 * kTestMib - 1}).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("alone take 2100 MiB")));
  EXPECT_THAT(status, HasReason(reason::kVramBudget));
}

TEST(StartWithLargest, LeavesOutWhatTheHostHasNoMemoryFor) {
  ASSERT_OK_AND_ASSIGN(
      const Placement placement,
      StartWithLargest(*TestCosts(), {}, {.device_bytes = 4100 * kTestMib, .host_bytes = 3000 * kTestMib}));
  EXPECT_THAT(WeightMib(placement), ElementsAre(4100, 4100, 3100));
}

TEST(StartWithLargest, IsRefusedWhereTheHostHasNoMemoryForTheRest) {
  const absl::Status status =
      StartWithLargest(*TestCosts(), {}, {.device_bytes = 2100 * kTestMib, .host_bytes = 3999 * kTestMib}).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("takes 4000 MiB of the host's memory, and there are 3999")));
  EXPECT_THAT(status, HasReason(reason::kHostMemory));
}

}  // namespace
}  // namespace ruyi
