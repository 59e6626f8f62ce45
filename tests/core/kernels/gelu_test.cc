#include "core/kernels/gelu.h"

#include <ATen/core/TensorBody.h>
#include <gtest/gtest.h>

#include "tests/core/kernels/inputs.h"
#include "tests/core/kernels/reference.h"

namespace ruyi {
namespace {

class GeluTest : public testing::TestWithParam<c10::ScalarType> {
 protected:
  at::Tensor Tokens(int64_t width) const { return RandomNumbers({2, 3, width}, GetParam()); }

  void ExpectNear(const at::Tensor& x, const at::Tensor& expected) const {
    ASSERT_EQ(x.sizes(), expected.sizes());
    EXPECT_EQ(x.scalar_type(), GetParam());
    EXPECT_LT(reference::LargestError(x, expected), ToleranceOf(GetParam()));
  }
};

TEST_P(GeluTest, GatesTheFirstHalfByTheSecond) {
  for (const int64_t width : {2, 14, 176})
    ExpectNear(kernels::GatedGelu(Tokens(width)), reference::GatedGelu(Tokens(width)));
}

TEST_P(GeluTest, MultipliesAndActivates) {
  const at::Tensor weight = RandomNumbers({5, 7}, GetParam(), 2, 0);
  const at::Tensor bias = RandomNumbers({5}, GetParam(), 3);
  ExpectNear(kernels::LinearGelu(Tokens(7), weight, bias), reference::LinearGelu(Tokens(7), weight, bias));
}

TEST_P(GeluTest, NeedsNoBias) {
  const at::Tensor weight = RandomNumbers({5, 7}, GetParam(), 2, 0);
  ExpectNear(kernels::LinearGelu(Tokens(7), weight, {}), reference::LinearGelu(Tokens(7), weight, {}));
}

INSTANTIATE_TEST_SUITE_P(Types, GeluTest, testing::Values(at::kFloat, at::kBFloat16),
                         [](const auto& type) { return c10::toString(type.param); });

}  // namespace
}  // namespace ruyi
