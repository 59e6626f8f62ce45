// Tests products over weights of every kind against float64: what is stored is taken as it is, so that only rounding
// what it is multiplied with, and the sum, may show.
#include "core/kernels/linear.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "tests/core/kernels/inputs.h"
#include "tests/core/kernels/reference.h"

namespace ruyi {
namespace {

using kernels::Activations;
using kernels::Form;
using kernels::LinearWeight;
using kernels::WeightKind;

// Of a sum of `in` products, relative to the typical result. Rounding a factor to 4 bits is off by 2.6 % in the root of
// the mean square; the errors of the products are independent. Five times that is beyond any of these sums.
constexpr double kScaledRounding = 5 * 0.026;

constexpr int64_t kIn = 48;
constexpr int64_t kOut = 32;

LinearWeight WeightOf(WeightKind kind, c10::ScalarType type) {
  const at::Tensor weight = RandomNumbers({kOut, kIn}, type, 2, 0);
  if (kind == WeightKind::kPlain)
    return {.data = weight, .scale = {}};
  if (kind == WeightKind::kWidened)
    return {.data = weight.to(at::kFloat8_e4m3fn), .scale = {}};
  const ScaledRows rows = ScaleRows(weight);
  return {.data = rows.data, .scale = rows.scale};
}

// Returns x Wᵀ + b in float64.
at::Tensor Product(const at::Tensor& x, const LinearWeight& weight, const at::Tensor& bias) {
  const at::Tensor wide = weight.data.to(at::kDouble);
  return reference::Linear(x, weight.scale.defined() ? wide * weight.scale.to(at::kDouble) : wide, bias);
}

class LinearTest : public testing::TestWithParam<std::tuple<WeightKind, c10::ScalarType>> {
 protected:
  WeightKind kind() const { return std::get<0>(GetParam()); }
  c10::ScalarType type() const { return std::get<1>(GetParam()); }
  double Bound() const { return ToleranceOf(type()) + (kind() == WeightKind::kScaled ? kScaledRounding : 0); }

  const LinearWeight weight_ = WeightOf(kind(), type());
  const at::Tensor x_ = RandomNumbers({2, 5, kIn}, type());
  const at::Tensor bias_ = RandomNumbers({kOut}, type(), 3);
};

TEST_P(LinearTest, IsOfItsKind) {
  EXPECT_EQ(weight_.KindFor(type()), kind());
}

TEST_P(LinearTest, MultipliesAndAdds) {
  const at::Tensor y = kernels::Linear(x_, weight_, bias_);
  EXPECT_EQ(y.scalar_type(), type());
  ASSERT_EQ(y.sizes(), at::IntArrayRef({2, 5, kOut}));
  EXPECT_LT(reference::LargestError(y, Product(x_, weight_, bias_)), Bound());
}

TEST_P(LinearTest, NeedsNoBias) {
  EXPECT_LT(reference::LargestError(kernels::Linear(x_, weight_, {}), Product(x_, weight_, {})), Bound());
}

TEST_P(LinearTest, OfRowsThatAreKnownIsExactButForTheSum) {
  const Activations x(x_);
  if (kind() != WeightKind::kScaled)
    return;
  const at::Tensor y = kernels::Linear(x, weight_, bias_);
  EXPECT_LT(reference::LargestError(y, Product(Widened(x.rows(), at::kDouble), weight_, bias_)), ToleranceOf(type()));
  EXPECT_TRUE(at::equal(kernels::Linear(Activations(x.rows(), type()), weight_, bias_), y));
}

TEST_P(LinearTest, ARowDoesNotDependOnTheOthers) {
  const at::Tensor all = kernels::Linear(x_, weight_, bias_);
  const at::Tensor louder = x_.clone();
  louder.select(0, 1).mul_(1000);
  EXPECT_TRUE(at::equal(kernels::Linear(louder, weight_, bias_).select(0, 0), all.select(0, 0)));
}

TEST_P(LinearTest, OfZerosIsTheBias) {
  const at::Tensor y = kernels::Linear(at::zeros({3, kIn}, type()), weight_, bias_);
  EXPECT_TRUE(at::equal(y, bias_.expand({3, kOut})));
}

// Numbers far beyond the largest of 8 bits are scaled, and none is cut off.
TEST_P(LinearTest, TakesHugeAndTinyNumbers) {
  for (const double size : {1e-12, 1e12}) {
    const at::Tensor x = x_ * size;
    EXPECT_LT(reference::LargestError(kernels::Linear(x, weight_, {}), Product(x, weight_, {})), Bound()) << size;
  }
}

TEST_P(LinearTest, ActivatesInBothForms) {
  const at::Tensor y = kernels::Linear(x_, weight_, bias_);
  const at::Tensor plain = kernels::LinearGelu(x_, weight_, bias_, Form::kPlain).plain();
  EXPECT_LT(reference::LargestError(plain, reference::Gelu(y)), ToleranceOf(type()));
  const Activations rows = kernels::LinearGelu(x_, weight_, bias_, Form::kRows);
  EXPECT_EQ(rows.type(), type());
  EXPECT_LT(reference::LargestError(Widened(rows.rows(), at::kDouble), plain.to(at::kDouble)), kScaledRounding);
}

INSTANTIATE_TEST_SUITE_P(KindsAndTypes, LinearTest,
                         testing::Combine(testing::Values(WeightKind::kPlain, WeightKind::kWidened,
                                                          WeightKind::kScaled),
                                          testing::Values(at::kFloat, at::kBFloat16)));

TEST(Activations, MakeTheirRowsOnce) {
  const Activations x(RandomNumbers({2, 5, kIn}, at::kFloat));
  const at::Tensor first = x.rows().data;
  EXPECT_TRUE(x.rows().data.is_same(first));
  EXPECT_TRUE(at::equal(Widened(x.rows(), at::kFloat), Widened(ScaleRows(x.plain()), at::kFloat)));
}

TEST(Activations, ThatCameAsRowsAreWidened) {
  const ScaledRows rows = ScaleRows(RandomNumbers({2, 5, kIn}, at::kFloat));
  const Activations x(rows, at::kBFloat16);
  EXPECT_EQ(x.type(), at::kBFloat16);
  EXPECT_EQ(x.sizes(), at::IntArrayRef({2, 5, kIn}));
  EXPECT_TRUE(at::equal(x.plain(), Widened(rows, at::kBFloat16)));
}

// The row of the largest numbers of a weight alone decides its scale.
TEST(Linear, ScalesEachRowOfTheWeight) {
  at::Tensor weight = RandomNumbers({kOut, kIn}, at::kFloat, 2, 0);
  weight.select(0, 0).mul_(1e6);
  const ScaledRows rows = ScaleRows(weight);
  const at::Tensor x = RandomNumbers({4, kIn}, at::kFloat);
  const at::Tensor y = kernels::Linear(x, {.data = rows.data, .scale = rows.scale}, {});
  const at::Tensor expected = x.to(at::kDouble).matmul(weight.to(at::kDouble).t());
  const auto others = [](const at::Tensor& all) { return all.narrow(1, 1, kOut - 1); };
  EXPECT_LT(reference::LargestError(others(y), others(expected)), 2 * kScaledRounding);
}

}  // namespace
}  // namespace ruyi
