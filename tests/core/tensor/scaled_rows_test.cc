#include "core/tensor/scaled_rows.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/tensor/random_streams.h"

namespace ruyi {
namespace {

// Half of the distance between two neighbours, of the smaller one: 4 bits hold a number's leading digits.
constexpr double kRounding = 1.0 / 16;

at::Tensor Numbers(at::IntArrayRef shape) {
  return *RandomStreams(3).Normal(NoisePurpose::kInitialLatents, shape);
}

at::Tensor Wide(const ScaledRows& rows) {
  return Widened(rows, at::kDouble);
}

TEST(ScaleRows, KeepsEachNumberToFourBits) {
  const at::Tensor x = Numbers({5, 7, 64});
  const ScaledRows rows = ScaleRows(x);
  EXPECT_EQ(rows.data.scalar_type(), at::kFloat8_e4m3fn);
  EXPECT_EQ(rows.data.sizes(), x.sizes());
  EXPECT_EQ(rows.scale.sizes(), at::IntArrayRef({5, 7, 1}));
  const at::Tensor error = (Wide(rows) - x.to(at::kDouble)).abs();
  const at::Tensor smallest = rows.scale.to(at::kDouble) / 512;  // what the least number of the type stands for
  EXPECT_TRUE(error.le(kRounding * x.to(at::kDouble).abs() + smallest / 2).all().item<bool>());
}

TEST(ScaleRows, BringsTheLargestNumberOfARowToTheLargestOfTheType) {
  const at::Tensor x = at::tensor({1e-3F, -2e-3F, 5e4F, 1e4F, -1e20F, 3e18F}).view({3, 2});
  const ScaledRows rows = ScaleRows(x);
  EXPECT_TRUE(at::equal(at::amax(at::abs(rows.data.to(at::kFloat)), 1), at::full({3}, kLargestE4m3)));
  EXPECT_TRUE(at::equal(rows.scale.flatten(), at::tensor({2e-3F, 5e4F, 1e20F}) / kLargestE4m3));
}

TEST(ScaleRows, LeavesZerosWithAScaleOfOne) {
  const ScaledRows rows = ScaleRows(at::zeros({2, 4}, at::kBFloat16));
  EXPECT_TRUE(at::equal(rows.scale, at::full({2, 1}, 1.0F)));
  EXPECT_TRUE(at::equal(Wide(rows), at::zeros({2, 4}, at::kDouble)));
}

TEST(ScaleRows, MakesZerosOfWhatIsTooSmallForAScale) {
  for (const float tiny : {1e-31F, 1e-38F, 1e-44F}) {
    const ScaledRows rows = ScaleRows(at::full({1, 4}, tiny));
    EXPECT_TRUE(at::equal(Wide(rows), at::zeros({1, 4}, at::kDouble))) << tiny;
  }
  EXPECT_GT(Wide(ScaleRows(at::full({1, 4}, 2e-30F))).min().item<double>(), 1e-30);
}

TEST(ScaleRows, DoesNotHideWhatIsNotFinite) {
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    const at::Tensor x = at::tensor({1.0F, bad, 1.0F, 2.0F}).view({2, 2});
    const at::Tensor wide = Wide(ScaleRows(x));
    EXPECT_TRUE(at::isnan(wide.select(0, 0)).any().item<bool>()) << bad;
    EXPECT_TRUE(at::isfinite(wide.select(0, 1)).all().item<bool>()) << bad;
  }
}

TEST(ScaleRows, TakesEveryTypeAsItsNumbers) {
  const at::Tensor x = Numbers({3, 16}).to(at::kBFloat16);
  const ScaledRows of_half = ScaleRows(x);
  const ScaledRows of_float = ScaleRows(x.to(at::kFloat));
  EXPECT_TRUE(at::equal(Wide(of_half), Wide(of_float)));
}

// A matrix of more numbers than are rounded at once.
TEST(ScaleRows, RoundsALargeMatrixAsItsRows) {
  const at::Tensor x = Numbers({3, int64_t{3} << 20});
  const ScaledRows all = ScaleRows(x);
  for (int64_t row = 0; row < x.size(0); ++row)
    EXPECT_TRUE(at::equal(Widened(ScaleRows(x[row]), at::kFloat), Widened(all, at::kFloat)[row])) << row;
}

TEST(ScaleRows, CountsWhatHasNoNumbers) {
  const ScaledRows rows = ScaleRows(at::empty({3, 16}, at::TensorOptions(at::kMeta)));
  EXPECT_EQ(rows.data.nbytes(), 3 * 16);
  EXPECT_EQ(rows.scale.nbytes(), 3 * 4);
}

TEST(Widened, RoundsOnceToTheType) {
  const ScaledRows rows = ScaleRows(Numbers({3, 16}));
  EXPECT_TRUE(at::equal(Widened(rows, at::kBFloat16), Widened(rows, at::kFloat).to(at::kBFloat16)));
}

TEST(Widened, WithoutAScaleIsWhatTheNumbersSay) {
  const at::Tensor x = Numbers({3, 16}).to(at::kFloat8_e5m2);
  EXPECT_TRUE(at::equal(Widened({.data = x, .scale = {}}, at::kFloat), x.to(at::kFloat)));
}

}  // namespace
}  // namespace ruyi
