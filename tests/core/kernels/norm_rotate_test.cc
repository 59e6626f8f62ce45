#include "core/kernels/norm_rotate.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/polar.h>
#include <gtest/gtest.h>

#include "tests/core/kernels/inputs.h"
#include "tests/core/kernels/reference.h"

namespace ruyi {
namespace {

using kernels::NormParameters;

constexpr int64_t kTokens = 5;
constexpr int64_t kHeadDims[] = {2, 10, 88};

at::Tensor Table(int64_t head_dim) {
  const at::Tensor angles = RandomNumbers({kTokens, head_dim / 2}, at::kFloat, 6);
  return at::polar(at::ones_like(angles), angles);
}

class NormRotateTest : public testing::TestWithParam<c10::ScalarType> {
 protected:
  at::Tensor Heads(int64_t head_dim) const { return RandomNumbers({2, kTokens, 3, head_dim}, GetParam()); }

  void ExpectNear(const at::Tensor& x, const at::Tensor& expected) const {
    ASSERT_EQ(x.sizes(), expected.sizes());
    EXPECT_EQ(x.scalar_type(), GetParam());
    EXPECT_LT(reference::LargestError(x, expected), ToleranceOf(GetParam()));
  }
};

TEST_P(NormRotateTest, TurnsByTheToken) {
  for (const int64_t head_dim : kHeadDims)
    ExpectNear(kernels::Rotate(Heads(head_dim), Table(head_dim)), reference::Rotate(Heads(head_dim), Table(head_dim)));
}

TEST_P(NormRotateTest, NormalisesFirst) {
  for (const int64_t head_dim : kHeadDims) {
    const NormParameters norm = RandomNorm(head_dim, GetParam());
    ExpectNear(kernels::NormRotate(Heads(head_dim), norm, Table(head_dim)),
               reference::NormRotate(Heads(head_dim), norm, Table(head_dim)));
  }
}

TEST_P(NormRotateTest, DoesNotDependOnTheBatch) {
  const NormParameters norm = RandomNorm(88, GetParam());
  const at::Tensor both = kernels::NormRotate(Heads(88), norm, Table(88));
  EXPECT_TRUE(at::equal(both.narrow(0, 1, 1), kernels::NormRotate(Heads(88).narrow(0, 1, 1), norm, Table(88))));
}

INSTANTIATE_TEST_SUITE_P(Types, NormRotateTest, testing::Values(at::kFloat, at::kBFloat16),
                         [](const auto& type) { return c10::toString(type.param); });

}  // namespace
}  // namespace ruyi
