// Tests EasyCache against the paper's rule, computed here with plain numbers, and the bounds of what it leaves out.
#include "core/cache/easy_cache.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

at::Tensor Latents(const std::vector<float>& numbers) {
  return at::tensor(numbers).unsqueeze(0);
}

// Predictions of both branches, the one with the condition last.
at::Tensor Both(const std::vector<float>& without, const std::vector<float>& with) {
  return at::cat({Latents(without), Latents(with)});
}

// Each latents are 1 further, and so are the predictions of the branch with the condition: a rate of 1. Returns the
// numbers of the calls that were left out.
std::vector<int> SkippedOfEvenSteps(const EasyCacheOptions& options, int calls) {
  EasyCache cache(options, calls);
  for (int call = 0; call < calls; ++call) {
    const float moved = static_cast<float>(call);
    if (cache.NeedsCall(Latents({moved, moved})))
      cache.Store(Both({5, -5}, {10 + moved, 10 + moved}));
  }
  return cache.skipped();
}

TEST(EasyCache, ComputesTheFirstAndTheLastCalls) {
  EXPECT_THAT(SkippedOfEvenSteps({.threshold = 1, .skip_start_steps = 3, .skip_end_steps = 2}, 8),
              ElementsAre(3, 4, 5));
}

// Two calls show how far a prediction moves with its latents.
TEST(EasyCache, ComputesTwoCallsAtLeastAtTheStartAndOneAtTheEnd) {
  EXPECT_THAT(SkippedOfEvenSteps({.threshold = 1, .skip_start_steps = 0, .skip_end_steps = 0}, 5), ElementsAre(2, 3));
}

TEST(EasyCache, LeavesNothingOutOfAsManyCallsAsItMustCompute) {
  EXPECT_THAT(SkippedOfEvenSteps({.threshold = 1, .skip_start_steps = 3, .skip_end_steps = 1}, 4), IsEmpty());
}

TEST(EasyCache, LeavesNothingOutAtAThresholdOfZero) {
  EXPECT_THAT(SkippedOfEvenSteps({.threshold = 0, .skip_start_steps = 1, .skip_end_steps = 1}, 9), IsEmpty());
}

// The change that is expected of a call is rate * |x - x before| / |v of the last computed call|, and adds up until a
// call is computed. From call 2 on it is 1 * 1 / 11 = 0.0909, 0.1818; the third, 0.2727, is over the threshold, so that
// call 4 is computed, and gives 14: 0.0714, 0.1428, 0.2142.
TEST(EasyCache, AddsUpTheExpectedChangeUntilACallIsComputed) {
  EXPECT_THAT(SkippedOfEvenSteps({.threshold = 0.2, .skip_start_steps = 1, .skip_end_steps = 1}, 9),
              ElementsAre(2, 3, 5, 6));
}

// The same by hand, call by call, with a rate that changes: x are the latents, v the predictions with the condition.
TEST(EasyCache, DecidesAsThePaperDoes) {
  EasyCache cache({.threshold = 0.5, .skip_start_steps = 2, .skip_end_steps = 1}, 8);
  ASSERT_TRUE(cache.NeedsCall(Latents({0, 4})));  // the warm-up
  cache.Store(Both({1, 1}, {2, 2}));
  ASSERT_TRUE(cache.NeedsCall(Latents({1, 3})));
  cache.Store(Both({1, 2}, {5, 3}));                   // |v - v0| = (3 + 1) / 2 = 2, |x - x0| = 1: a rate of 2; |v| = 4
  ASSERT_FALSE(cache.NeedsCall(Latents({1.5, 2.5})));  // 2 * 0.5 / 4 = 0.25
  EXPECT_TRUE(at::equal(cache.Apply(), Both({1.5, 1.5}, {5.5, 2.5})));  // x + (v - x) of call 1
  ASSERT_FALSE(cache.NeedsCall(Latents({1.5, 2.25})));                  // + 2 * 0.125 / 4 = 0.3125
  EXPECT_TRUE(at::equal(cache.Apply(), Both({1.5, 1.25}, {5.5, 2.25})));
  ASSERT_TRUE(cache.NeedsCall(Latents({2, 1.5})));  // + 2 * 0.625 / 4 = 0.625
  cache.Store(Both({0, 0}, {4.5, 2.25}));  // |v - v1| = (0.5 + 0.75) / 2 = 0.625, |x - x1| = (1 + 1.5) / 2 = 1.25: 0.5
  ASSERT_FALSE(cache.NeedsCall(Latents({0.5, 0})));    // 0.5 * 1.5 / 3.375 = 0.2222
  ASSERT_FALSE(cache.NeedsCall(Latents({-1, -1.5})));  // + 0.2222
  ASSERT_TRUE(cache.NeedsCall(Latents({-1, -1.5})));   // the last
  EXPECT_THAT(cache.skipped(), ElementsAre(2, 3, 5, 6));
}

TEST(EasyCache, LooksAtTheBranchWithTheConditionAlone) {
  for (const float other : {0.0F, 1e6F}) {
    EasyCache cache({.threshold = 0.5, .skip_start_steps = 1, .skip_end_steps = 1}, 9);
    ASSERT_TRUE(cache.NeedsCall(Latents({1, 1})));
    cache.Store(Both({0, 0}, {4, 4}));
    ASSERT_TRUE(cache.NeedsCall(Latents({2, 2})));
    cache.Store(Both({other, -other}, {4.5, 4.5}));
    EXPECT_FALSE(cache.NeedsCall(Latents({3, 3})));
  }
}

// A guidance gate leaves the branch without the condition out from some call on.
TEST(EasyCache, TakesFewerBranchesFromSomeCallOn) {
  EasyCache cache({.threshold = 1, .skip_start_steps = 1, .skip_end_steps = 1}, 9);
  ASSERT_TRUE(cache.NeedsCall(Latents({1, 1})));
  cache.Store(Both({0, 0}, {4, 4}));
  ASSERT_TRUE(cache.NeedsCall(Latents({2, 2})));
  cache.Store(Latents({4.5, 4.5}));
  ASSERT_FALSE(cache.NeedsCall(Latents({3, 3})));
  EXPECT_TRUE(at::equal(cache.Apply(), Latents({5.5, 5.5})));
}

// Latents that do not move give no rate, but NaN or infinity.
TEST(EasyCache, ComputesWhereTheExpectedChangeIsNoNumber) {
  EasyCache cache({.threshold = 1, .skip_start_steps = 1, .skip_end_steps = 1}, 9);
  for (int call = 0; call < 4; ++call) {
    ASSERT_TRUE(cache.NeedsCall(Latents({1, 1}))) << call;
    cache.Store(Both({0, 0}, {4, 4}));
  }
  EXPECT_THAT(EasyCache({.threshold = 1}, 9).Restore(cache.Save(), at::kCPU), IsOk());
}

constexpr EasyCacheOptions kOptions = {.threshold = 1, .skip_start_steps = 1, .skip_end_steps = 1};

// Returns what a cache has saved after two computed calls and one that was left out.
TensorState Saved() {
  EasyCache cache(kOptions, 9);
  EXPECT_TRUE(cache.NeedsCall(Latents({1, 1})));
  cache.Store(Both({0, 0}, {4, 4}));
  EXPECT_TRUE(cache.NeedsCall(Latents({2, 2})));
  cache.Store(Both({0, 1}, {4.5, 4.5}));
  EXPECT_FALSE(cache.NeedsCall(Latents({3, 3})));
  return cache.Save();
}

// `Saved` with one of its entries as `change` makes it.
template <typename Change>
absl::Status RestoreChanged(Change change) {
  TensorState state = Saved();
  change(state);
  EasyCache cache(kOptions, 9);
  const absl::Status status = cache.Restore(state, at::kCPU);
  EXPECT_EQ(cache.skipped().size(), status.ok() ? 1 : 0);
  return status;
}

TEST(EasyCache, GoesOnWhereItWasSaved) {
  EXPECT_THAT(RestoreChanged([](TensorState&) {}), IsOk());
}

TEST(EasyCache, RefusesAStateThatContradictsItself) {
  const auto contradicts = StatusIs(absl::StatusCode::kFailedPrecondition, testing::HasSubstr("contradicts itself"));
  EXPECT_THAT(RestoreChanged([](TensorState& s) { s.PutIntegers("calls", {-1}); }), contradicts);
  EXPECT_THAT(RestoreChanged([](TensorState& s) { s.PutIntegers("calls", {10}); }), contradicts);
  EXPECT_THAT(RestoreChanged([](TensorState& s) { s.PutIntegers("skipped", {3}); }), contradicts);
  EXPECT_THAT(RestoreChanged([](TensorState& s) { s.PutIntegers("skipped", {-1}); }), contradicts);
  EXPECT_THAT(RestoreChanged([](TensorState& s) { s.PutIntegers("skipped", {1, 1}); }), contradicts);
  EXPECT_THAT(RestoreChanged([](TensorState& s) { s.PutDouble("change", std::nan("")); }), contradicts);
}

TEST(EasyCache, RefusesAStateThatLacksSomething) {
  const TensorState whole = Saved();
  for (const auto& [missing, unused] : whole.tensors()) {
    TensorState state;
    for (const auto& [name, tensor] : whole.tensors()) {
      if (name != missing)
        state.Put(name, tensor);
    }
    EasyCache cache(kOptions, 9);
    EXPECT_THAT(cache.Restore(state, at::kCPU), StatusIs(absl::StatusCode::kFailedPrecondition)) << missing;
  }
}

}  // namespace
}  // namespace ruyi
