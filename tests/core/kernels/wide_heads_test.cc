#include "core/kernels/wide_heads.h"

#include <ATen/core/TensorBody.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/core/kernels/inputs.h"
#include "tests/core/kernels/reference.h"

namespace ruyi {
namespace {

constexpr int64_t kWidth = 320;

class WideHeadsTest : public testing::TestWithParam<c10::ScalarType> {
 protected:
  kernels::WideHeads InSlabsOf(int64_t bytes) const {
    return {.scale = 1 / std::sqrt(static_cast<double>(kWidth)), .slab_bytes = bytes};
  }

  void ExpectAttention(const at::Tensor& x) const {
    ASSERT_EQ(x.sizes(), queries_.sizes());
    EXPECT_EQ(x.scalar_type(), GetParam());
    EXPECT_LT(reference::LargestError(x, reference::Attention(queries_, keys_, values_)), ToleranceOf(GetParam()));
  }

  const at::Tensor queries_ = RandomNumbers({2, 3, 300, kWidth}, GetParam(), 1);
  const at::Tensor keys_ = RandomNumbers({2, 3, 44, kWidth}, GetParam(), 2);
  const at::Tensor values_ = RandomNumbers({2, 3, 44, kWidth}, GetParam(), 3);
};

TEST_P(WideHeadsTest, IsTheMeanOfTheValuesByTheSoftmaxOfTheScores) {
  ExpectAttention(kernels::WideHeadsAttention(queries_, keys_, values_, InSlabsOf(int64_t{1} << 20)));
}

TEST_P(WideHeadsTest, SlabsOfQueriesGiveTheSame) {
  ExpectAttention(kernels::WideHeadsAttention(queries_, keys_, values_, InSlabsOf(1)));
}

TEST_P(WideHeadsTest, IsNotAskedForOnACpu) {
  EXPECT_FALSE(kernels::HasWideHeads(queries_, keys_, values_));
}

INSTANTIATE_TEST_SUITE_P(Types, WideHeadsTest, testing::Values(at::kFloat, at::kBFloat16),
                         [](const auto& type) { return c10::toString(type.param); });

}  // namespace
}  // namespace ruyi
