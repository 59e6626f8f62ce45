// Tests what the golden case pipeline/tea_cache does not show: bounds, and that a request does not disturb the next.
#include "core/cache/tea_cache.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

at::Tensor Filled(double value) {
  return at::full({2, 3}, value);
}

// Runs `calls` calls whose input never changes, and returns the numbers of those that were left out.
std::vector<int> SkippedOfStillInput(const TeaCacheOptions& options, int steps, int calls) {
  TeaCache cache(options, steps);
  for (int call = 0; call < calls; ++call) {
    if (cache.NeedsBlocks(Filled(1), Filled(2)))
      cache.Store(Filled(5));
  }
  return cache.skipped();
}

TEST(TeaCache, ComputesTheFirstAndTheLastSteps) {
  EXPECT_THAT(SkippedOfStillInput({.threshold = 1, .skip_start_steps = 3, .skip_end_steps = 2}, 8, 8),
              ElementsAre(3, 4, 5));
}

TEST(TeaCache, ComputesAtLeastOneStepAtEitherEnd) {
  EXPECT_THAT(SkippedOfStillInput({.threshold = 1, .skip_start_steps = 0, .skip_end_steps = 0}, 4, 4),
              ElementsAre(1, 2));
}

TEST(TeaCache, LeavesNothingOutOfAsManyStepsAsItMustCompute) {
  EXPECT_THAT(SkippedOfStillInput({.threshold = 1, .skip_start_steps = 3, .skip_end_steps = 1}, 4, 4), IsEmpty());
}

TEST(TeaCache, BeginsAnewAfterItsSteps) {
  EXPECT_THAT(SkippedOfStillInput({.threshold = 1, .skip_start_steps = 1, .skip_end_steps = 1}, 3, 6),
              ElementsAre(1, 4));
}

TEST(TeaCache, ComputesWhenTheInputHasMoved) {
  TeaCache cache({.threshold = 0.1, .skip_start_steps = 1, .skip_end_steps = 1}, 4);
  ASSERT_TRUE(cache.NeedsBlocks(Filled(1), Filled(2)));
  cache.Store(Filled(5));
  EXPECT_FALSE(cache.NeedsBlocks(Filled(1), Filled(2)));
  EXPECT_TRUE(cache.NeedsBlocks(Filled(1), Filled(2.2)));  // by a tenth of its size
}

TEST(TeaCache, OffloadingChangesNothing) {
  for (const bool offload : {false, true}) {
    TeaCache cache({.threshold = 1, .skip_start_steps = 1, .skip_end_steps = 1, .offload = offload}, 4);
    ASSERT_TRUE(cache.NeedsBlocks(Filled(1), Filled(2)));
    cache.Store(Filled(5));
    ASSERT_FALSE(cache.NeedsBlocks(Filled(3), Filled(2)));
    EXPECT_TRUE(at::equal(cache.Apply(Filled(3)), Filled(7)));
  }
}

TEST(TeaCache, AddsWhatTheBlocksAdded) {
  TeaCache cache({.threshold = 1, .skip_start_steps = 1, .skip_end_steps = 1}, 4);
  ASSERT_TRUE(cache.NeedsBlocks(Filled(1), Filled(2)));
  cache.Store(Filled(5));
  ASSERT_FALSE(cache.NeedsBlocks(Filled(3), Filled(2)));
  EXPECT_TRUE(at::equal(cache.Apply(Filled(3)), Filled(7)));
}

constexpr TeaCacheOptions kOptions = {.threshold = 1, .skip_start_steps = 1, .skip_end_steps = 1};

// Returns what a cache has saved after a computed call and one that was left out.
TensorState Saved() {
  TeaCache cache(kOptions, 4);
  EXPECT_TRUE(cache.NeedsBlocks(Filled(1), Filled(2)));
  cache.Store(Filled(5));
  EXPECT_FALSE(cache.NeedsBlocks(Filled(1), Filled(2)));
  return cache.Save();
}

// `Saved` with one of its entries as `change` makes it. tests/core/checkpoint shows that runs go on.
template <typename Change>
absl::Status RestoreChanged(Change change) {
  TensorState state = Saved();
  change(state);
  TeaCache cache(kOptions, 4);
  const absl::Status status = cache.Restore(state, at::kCPU);
  EXPECT_EQ(cache.skipped().size(), status.ok() ? 1 : 0);
  return status;
}

TEST(TeaCache, GoesOnWhereItWasSaved) {
  EXPECT_THAT(RestoreChanged([](TensorState&) {}), IsOk());
}

TEST(TeaCache, RefusesAStateThatContradictsItself) {
  const auto contradicts = StatusIs(absl::StatusCode::kFailedPrecondition, testing::HasSubstr("contradicts itself"));
  EXPECT_THAT(RestoreChanged([](TensorState& s) { s.PutIntegers("calls", {-1}); }), contradicts);
  EXPECT_THAT(RestoreChanged([](TensorState& s) { s.PutIntegers("calls", {int64_t{1} << 40}); }), contradicts);
  EXPECT_THAT(RestoreChanged([](TensorState& s) { s.PutIntegers("skipped", {2}); }), contradicts);
  EXPECT_THAT(RestoreChanged([](TensorState& s) { s.PutIntegers("skipped", {-1}); }), contradicts);
  EXPECT_THAT(RestoreChanged([](TensorState& s) { s.PutIntegers("skipped", {1, 1}); }), contradicts);
  EXPECT_THAT(RestoreChanged([](TensorState& s) { s.PutDouble("distance", std::nan("")); }), contradicts);
}

TEST(TeaCache, RefusesAStateOfSomethingElse) {
  TensorState without_tensors;
  without_tensors.PutIntegers("calls", {2});
  without_tensors.PutIntegers("skipped", {1});
  without_tensors.PutDouble("distance", 0);
  TensorState without_residual = without_tensors;
  without_residual.Put("modulated", Filled(2));
  for (const TensorState& state : {TensorState(), without_tensors, without_residual}) {
    TeaCache cache(kOptions, 4);
    EXPECT_THAT(cache.Restore(state, at::kCPU), StatusIs(absl::StatusCode::kFailedPrecondition));
  }
}

}  // namespace
}  // namespace ruyi
