#include "core/tensor/tensor_state.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;

constexpr absl::StatusCode kFailedPrecondition = absl::StatusCode::kFailedPrecondition;

TEST(TensorState, GivesWhatWasPut) {
  TensorState state;
  state.Put("x", at::zeros({2, 3}));
  state.PutIntegers("list", {3, -4});
  state.PutIntegers("one", {5});
  state.PutDouble("double", 0.5);
  EXPECT_TRUE(at::equal(*state.Get("x"), at::zeros({2, 3})));
  EXPECT_THAT(state.GetOfType("x", at::kFloat), IsOk());
  EXPECT_THAT(state.GetLike("x", at::zeros({2, 3})), IsOk());
  EXPECT_THAT(*state.GetIntegers("list"), ElementsAre(3, -4));
  EXPECT_EQ(*state.GetInteger("one"), 5);
  EXPECT_EQ(*state.GetDouble("double"), 0.5);
  EXPECT_THAT(state.CheckCount(4), IsOk());
}

TEST(TensorState, PuttingAgainReplaces) {
  TensorState state;
  state.PutDouble("x", 1);
  state.PutDouble("x", 2);
  EXPECT_EQ(*state.GetDouble("x"), 2);
}

TEST(TensorState, PartsDoNotMeet) {
  TensorState inner;
  inner.PutDouble("x", 1);
  TensorState state;
  state.PutDouble("x", 0);
  state.PutPart("a", inner);
  state.PutPart("ab", inner);
  state.PutPart("a.b", inner);
  EXPECT_THAT(state.Part("ab").tensors(), ElementsAre(Key("x")));
  EXPECT_THAT(state.Part("a").tensors(), ElementsAre(Key("b.x"), Key("x")));
  EXPECT_THAT(state.Part("b").tensors(), testing::IsEmpty());
}

TEST(TensorState, NamesWhatIsMissing) {
  for (const absl::Status& status :
       {TensorState().Get("x").status(), TensorState().GetOfType("x", at::kFloat).status(),
        TensorState().GetLike("x", at::zeros({1})).status(), TensorState().GetIntegers("x").status(),
        TensorState().GetInteger("x").status(), TensorState().GetDouble("x").status()})
    EXPECT_THAT(status, StatusIs(kFailedPrecondition, HasSubstr("'x' is missing")));
}

TEST(TensorState, RefusesOtherTypesAndShapes) {
  TensorState state;
  state.Put("x", at::zeros({2, 3}));
  state.Put("matrix", at::zeros({2, 3}, at::kLong));
  state.PutIntegers("list", {1, 2});
  state.Put("doubles", at::zeros({2}, at::kDouble));
  EXPECT_THAT(state.GetOfType("x", at::kByte), StatusIs(kFailedPrecondition, HasSubstr("type Float, not Byte")));
  EXPECT_THAT(state.GetLike("x", at::zeros({3, 2})), StatusIs(kFailedPrecondition, HasSubstr("another shape")));
  EXPECT_THAT(state.GetLike("x", at::zeros({2, 3}, at::kDouble)), StatusIs(kFailedPrecondition, HasSubstr("type")));
  EXPECT_THAT(state.GetIntegers("x"), StatusIs(kFailedPrecondition, HasSubstr("type")));
  EXPECT_THAT(state.GetIntegers("matrix"), StatusIs(kFailedPrecondition, HasSubstr("not a list")));
  EXPECT_THAT(state.GetInteger("list"), StatusIs(kFailedPrecondition, HasSubstr("not one number")));
  EXPECT_THAT(state.GetDouble("x"), StatusIs(kFailedPrecondition, HasSubstr("type")));
  EXPECT_THAT(state.GetDouble("doubles"), StatusIs(kFailedPrecondition, HasSubstr("not one number")));
  EXPECT_THAT(state.CheckCount(3), StatusIs(kFailedPrecondition, HasSubstr("4 tensors, not 3")));
}

}  // namespace
}  // namespace ruyi
