#include "core/model/dit/rotary.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/angle.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <complex>
#include <vector>

#include "core/kernels/norm_rotate.h"
#include "core/tensor/random_streams.h"

namespace ruyi {
namespace {

using kernels::Rotate;

constexpr int64_t kHeadDim = 16;
constexpr int64_t kPairs = kHeadDim / 4;  // that turn with the column; as many turn with the row
constexpr int64_t kBase = 32;

at::Tensor Random(at::IntArrayRef shape) {
  return *RandomStreams(7).Normal(NoisePurpose::kInitialLatents, shape);
}

// Returns the angles of the token at (row, column) of a table: those of the slowest-turning index first.
std::vector<float> AnglesOf(const at::Tensor& table, int64_t token) {
  const at::Tensor angles = at::angle(table[token]).contiguous();
  return std::vector<float>(angles.data_ptr<float>(), angles.data_ptr<float>() + angles.numel());
}

TEST(RotaryTable, HasLengthOneEverywhere) {
  const at::Tensor table = RotaryTable({.height = 3, .width = 5}, kHeadDim, kBase);
  ASSERT_EQ(table.sizes(), (std::vector<int64_t>{15, kHeadDim / 2}));
  EXPECT_EQ(table.scalar_type(), at::kComplexFloat);
  const at::Tensor lengths = table.abs();
  EXPECT_TRUE(at::allclose(lengths, at::ones_like(lengths), 0, 1e-6));
}

TEST(RotaryTable, DoesNotTurnTheFirstTokenOfASquare) {
  for (const float angle : AnglesOf(RotaryTable({.height = 4, .width = 4}, kHeadDim, kBase), 0))
    EXPECT_EQ(angle, 0);
}

// Four columns of a base of 32 lie 8 apart; the second pair turns 10 times slower than the first (10000^(1/4)).
TEST(RotaryTable, TurnsTheFirstHalfWithTheColumn) {
  const at::Tensor table = RotaryTable({.height = 4, .width = 4}, kHeadDim, 4);
  const std::vector<float> angles = AnglesOf(table, 2);  // row 0, column 2
  EXPECT_NEAR(angles[0], 2, 1e-6);
  EXPECT_NEAR(angles[1], 0.2, 1e-6);
  EXPECT_NEAR(angles[2], 0.02, 1e-6);
  EXPECT_NEAR(angles[3], 0.002, 1e-6);
  for (int64_t pair = kPairs; pair < 2 * kPairs; ++pair)
    EXPECT_EQ(angles[pair], 0);
}

TEST(RotaryTable, TurnsTheSecondHalfWithTheRow) {
  const at::Tensor table = RotaryTable({.height = 4, .width = 4}, kHeadDim, 4);
  const std::vector<float> angles = AnglesOf(table, 3 * 4);  // row 3, column 0
  for (int64_t pair = 0; pair < kPairs; ++pair)
    EXPECT_EQ(angles[pair], 0);
  EXPECT_NEAR(angles[kPairs], 3, 1e-6);
  EXPECT_NEAR(angles[kPairs + 1], 0.3, 1e-6);
}

// 2 rows of 4 columns in a base of 4: the rows take the middle places 1 and 2.
TEST(RotaryTable, PutsTheShorterSideIntoTheMiddle) {
  const at::Tensor wide = RotaryTable({.height = 2, .width = 4}, kHeadDim, 4);
  EXPECT_NEAR(AnglesOf(wide, 0)[0], 0, 1e-6);
  EXPECT_NEAR(AnglesOf(wide, 0)[kPairs], 1, 1e-6);
  EXPECT_NEAR(AnglesOf(wide, 4)[kPairs], 2, 1e-6);
  const at::Tensor tall = RotaryTable({.height = 4, .width = 2}, kHeadDim, 4);
  EXPECT_NEAR(AnglesOf(tall, 0)[0], 1, 1e-6);
  EXPECT_NEAR(AnglesOf(tall, 0)[kPairs], 0, 1e-6);
}

// The reference rounds in Python: round(1.5) and round(2.5) are 2, round(0.5) is 0.
TEST(RotaryTable, RoundsHalfToEven) {
  EXPECT_NEAR(AnglesOf(RotaryTable({.height = 2, .width = 5}, kHeadDim, 5), 0)[kPairs], 2, 1e-6);
  EXPECT_NEAR(AnglesOf(RotaryTable({.height = 4, .width = 5}, kHeadDim, 5), 0)[kPairs], 0, 1e-6);
  EXPECT_NEAR(AnglesOf(RotaryTable({.height = 1, .width = 6}, kHeadDim, 6), 0)[kPairs], 2, 1e-6);
}

TEST(RotaryTable, ScalesPlacesToTheBase) {
  const at::Tensor table = RotaryTable({.height = 8, .width = 8}, kHeadDim, 4);
  EXPECT_NEAR(AnglesOf(table, 3)[0], 1.5, 1e-6);
}

TEST(Rotate, KeepsLengths) {
  const at::Tensor x = Random({2, 6, 3, kHeadDim});
  const at::Tensor rotated = Rotate(x, RotaryTable({.height = 2, .width = 3}, kHeadDim, kBase));
  ASSERT_EQ(rotated.sizes(), x.sizes());
  EXPECT_FALSE(at::allclose(rotated, x));
  EXPECT_TRUE(at::allclose(rotated.square().sum(-1), x.square().sum(-1), 1e-5, 1e-5));
}

TEST(Rotate, TurnsNeighbouringFeaturesTogether) {
  const at::Tensor quarter = at::tensor({c10::complex<float>(0, 1), c10::complex<float>(-1, 0)}).unsqueeze(0);
  const at::Tensor x = at::tensor({1.f, 2.f, 3.f, 4.f}).view({1, 1, 1, 4});
  EXPECT_TRUE(at::allclose(Rotate(x, quarter).flatten(), at::tensor({-2.f, 1.f, -3.f, -4.f})));
}

// A query and a key see only how far apart they are.
TEST(Rotate, MakesProductsDependOnDistancesOnly) {
  const at::Tensor table = RotaryTable({.height = 8, .width = 8}, kHeadDim, kBase);
  const at::Tensor query = Rotate(Random({1, 1, 1, kHeadDim}).expand({1, 64, 1, kHeadDim}), table).flatten(0, 2);
  const at::Tensor key = Rotate(Random({2, kHeadDim})[1].expand({1, 64, 1, kHeadDim}), table).flatten(0, 2);
  const auto product = [&](int64_t a, int64_t b) { return (query[a] * key[b]).sum().item<double>(); };
  EXPECT_NEAR(product(0, 10), product(8 * 3 + 4, 8 * 4 + 6), 1e-4);  // one row down, two columns right
  EXPECT_GT(std::abs(product(0, 10) - product(0, 20)), 1e-2);
}

TEST(Rotate, KeepsTheType) {
  const at::Tensor x = Random({1, 4, 2, kHeadDim}).to(at::kBFloat16);
  EXPECT_EQ(Rotate(x, RotaryTable({.height = 2, .width = 2}, kHeadDim, kBase)).scalar_type(), at::kBFloat16);
}

}  // namespace
}  // namespace ruyi
