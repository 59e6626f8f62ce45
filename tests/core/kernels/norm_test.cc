#include "core/kernels/norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include "tests/core/kernels/inputs.h"
#include "tests/core/kernels/reference.h"

namespace ruyi {
namespace {

using kernels::NormParameters;
using kernels::SumAndNorm;

constexpr int64_t kBatch = 2;
constexpr int64_t kTokens = 6;

class NormTest : public testing::TestWithParam<c10::ScalarType> {
 protected:
  at::Tensor Tokens(int64_t width, uint64_t seed = 1) const {
    return RandomNumbers({kBatch, kTokens, width}, GetParam(), seed);
  }

  void ExpectNear(const at::Tensor& x, const at::Tensor& expected) const {
    ASSERT_EQ(x.sizes(), expected.sizes());
    EXPECT_EQ(x.scalar_type(), GetParam());
    EXPECT_LT(reference::LargestError(x, expected), ToleranceOf(GetParam()));
  }
};

TEST_P(NormTest, NormalisesAnyWidth) {
  for (const int64_t width : {2, 7, 88, 333}) {
    const NormParameters norm = RandomNorm(width, GetParam());
    ExpectNear(kernels::Norm(Tokens(width), norm), reference::Norm(Tokens(width), norm));
  }
}

TEST_P(NormTest, NeedsNoParameters) {
  const NormParameters norm = {.weight = {}, .bias = {}, .eps = 0.25};
  ExpectNear(kernels::Norm(Tokens(9), norm), reference::Norm(Tokens(9), norm));
}

TEST_P(NormTest, AddsTheShiftOfTheBatch) {
  const at::Tensor shift = RandomNumbers({kBatch, 1, 9}, GetParam(), 4);
  const NormParameters norm = RandomNorm(9, GetParam());
  ExpectNear(kernels::Norm(Tokens(9), norm, shift), reference::Norm(Tokens(9), norm, shift));
}

TEST_P(NormTest, AddsAndNormalisesTheSum) {
  const NormParameters norm = RandomNorm(13, GetParam());
  const SumAndNorm out = kernels::AddNorm(Tokens(13), Tokens(13, 5), norm);
  const SumAndNorm expected = reference::AddNorm(Tokens(13), Tokens(13, 5), norm);
  ExpectNear(out.sum, expected.sum);
  ExpectNear(out.normed.plain(), expected.normed.plain());
}

// In bfloat16, 256 and 0.75 add up to 256: nothing is left to be normalised.
TEST_P(NormTest, RoundsTheSumBeforeItNormalises) {
  const at::Tensor x = at::full({1, 1, 4}, 256, at::TensorOptions(GetParam()));
  const at::Tensor delta = at::cat({at::full({1, 1, 2}, 0.75), at::full({1, 1, 2}, 0.25)}, -1).to(GetParam());
  const at::Tensor normed = kernels::AddNorm(x, delta, {.weight = {}, .bias = {}, .eps = 1e-6}).normed.plain();
  EXPECT_NEAR(normed.abs().max().item<double>(), GetParam() == at::kBFloat16 ? 0 : 1, 1e-3);
}

TEST_P(NormTest, AddsToAllTokensOfAFrame) {
  const at::Tensor positions = RandomNumbers({1, 3, 1, 10}, GetParam(), 5);
  const at::Tensor shift = RandomNumbers({kBatch, 1, 10}, GetParam(), 4);
  const NormParameters norm = RandomNorm(10, GetParam());
  const SumAndNorm out = kernels::AddNorm(Tokens(10), positions, norm, shift);
  const SumAndNorm expected = reference::AddNorm(Tokens(10), positions, norm, shift);
  ExpectNear(out.sum, expected.sum);
  ExpectNear(out.normed.plain(), expected.normed.plain());
  const at::Tensor third_frame = out.sum.narrow(1, 4, 2) - Tokens(10).narrow(1, 4, 2);
  EXPECT_LT((third_frame - positions[0][2]).abs().max().item<double>(), ToleranceOf(GetParam()));
}

TEST_P(NormTest, NormalisesAConcatenation) {
  const NormParameters norm = RandomNorm(22, GetParam());
  ExpectNear(kernels::ConcatNorm(Tokens(11), Tokens(11, 5), norm).plain(),
             reference::ConcatNorm(Tokens(11), Tokens(11, 5), norm));
}

TEST_P(NormTest, DoesNotDependOnTheBatch) {
  const NormParameters norm = RandomNorm(88, GetParam());
  const at::Tensor both = kernels::Norm(Tokens(88), norm);
  EXPECT_TRUE(at::equal(both.narrow(0, 1, 1), kernels::Norm(Tokens(88).narrow(0, 1, 1), norm)));
}

// Rows are those of the numbers that come out otherwise.
TEST_P(NormTest, ComesOutInBothForms) {
  const NormParameters norm = RandomNorm(16, GetParam());
  const auto expect_rows = [&](const kernels::Activations& rows, const at::Tensor& plain) {
    EXPECT_EQ(rows.type(), GetParam());
    EXPECT_TRUE(at::equal(Widened(rows.rows(), at::kFloat), Widened(ScaleRows(plain), at::kFloat)));
  };
  const at::Tensor x = Tokens(16);
  const kernels::Form form = kernels::Form::kRows;
  expect_rows(kernels::Norm(x, norm, /*shift=*/{}, form), kernels::Norm(x, norm));
  const kernels::SumAndNorm sum = kernels::AddNorm(x, x, norm, /*shift=*/{}, form);
  expect_rows(sum.normed, kernels::AddNorm(x, x, norm).normed.plain());
  EXPECT_TRUE(at::equal(sum.sum, x + x));
  const NormParameters wide = RandomNorm(32, GetParam());
  expect_rows(kernels::ConcatNorm(x, x, wide, form), kernels::ConcatNorm(x, x, wide).plain());
}

INSTANTIATE_TEST_SUITE_P(Types, NormTest, testing::Values(at::kFloat, at::kBFloat16),
                         [](const auto& type) { return c10::toString(type.param); });

}  // namespace
}  // namespace ruyi
