#include "core/kernels/attention.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "tests/core/kernels/inputs.h"
#include "tests/core/kernels/reference.h"

namespace ruyi {
namespace {

class AttentionTest : public testing::TestWithParam<c10::ScalarType> {
 protected:
  void ExpectNear(const at::Tensor& x) const {
    ASSERT_EQ(x.sizes(), queries_.sizes());
    EXPECT_EQ(x.scalar_type(), GetParam());
    EXPECT_LT(reference::LargestError(x, reference::Attention(queries_, keys_, values_)), ToleranceOf(GetParam()));
  }

  const at::Tensor queries_ = RandomNumbers({2, 3, 5, 22}, GetParam(), 1);
  const at::Tensor keys_ = RandomNumbers({2, 3, 7, 22}, GetParam(), 2);
  const at::Tensor values_ = RandomNumbers({2, 3, 7, 22}, GetParam(), 3);
};

TEST_P(AttentionTest, IsTheMeanOfTheValuesByTheSoftmaxOfTheScores) {
  ExpectNear(kernels::Attention(queries_, keys_, values_, 22));
}

TEST_P(AttentionTest, HeadsThatZerosWidenGiveTheSame) {
  const auto widened = [](const at::Tensor& heads) { return at::constant_pad_nd(heads, {0, 10}); };
  ExpectNear(kernels::Attention(widened(queries_), widened(keys_), widened(values_), 22));
}

TEST_P(AttentionTest, OnACpuTheTwinComputes) {
  EXPECT_TRUE(at::equal(kernels::Attention(queries_, keys_, values_, 22),
                        kernels::aten::Attention(queries_, keys_, values_, 22)));
}

TEST_P(AttentionTest, OnACpuNoHeadsAreWidened) {
  const at::Tensor long_video = at::zeros({1, 1, 40000, 6}, GetParam());
  EXPECT_TRUE(kernels::WidenHeads(long_video).is_same(long_video));
}

INSTANTIATE_TEST_SUITE_P(Types, AttentionTest, testing::Values(at::kFloat, at::kBFloat16),
                         [](const auto& type) { return c10::toString(type.param); });

}  // namespace
}  // namespace ruyi
