#include "core/model/dit/sinusoid.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

namespace ruyi {
namespace {

// Width 4 has the frequencies 1 and 10000^(-1/2) = 0.01.
TEST(TimestepSinusoid, HasCosinesThenSines) {
  const at::Tensor sinusoid = TimestepSinusoid(at::tensor({0.f, 1.f, 999.f}), 4);
  const at::Tensor expected = at::tensor({1.0, 1.0, 0.0, 0.0,  //
                                          std::cos(1.0), std::cos(0.01), std::sin(1.0), std::sin(0.01), std::cos(999.0),
                                          std::cos(9.99), std::sin(999.0), std::sin(9.99)},
                                         at::kFloat)
                                  .view({3, 4});
  EXPECT_TRUE(at::allclose(sinusoid, expected, 0, 1e-5)) << sinusoid;
}

TEST(TimestepSinusoid, IsFloat32WhateverTheNumbersAre) {
  const at::Tensor whole = TimestepSinusoid(at::tensor({512}), 8);
  EXPECT_EQ(whole.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::allclose(whole, TimestepSinusoid(at::tensor({512.0}, at::kDouble), 8)));
}

TEST(FrameSinusoid, HasSineAndCosineSideBySide) {
  const at::Tensor expected = at::tensor({0.0, 1.0, 0.0, 1.0,  //
                                          std::sin(1.0), std::cos(1.0), std::sin(0.01), std::cos(0.01), std::sin(2.0),
                                          std::cos(2.0), std::sin(0.02), std::cos(0.02)},
                                         at::kFloat)
                                  .view({3, 4});
  EXPECT_TRUE(at::allclose(FrameSinusoid(3, 4), expected, 0, 1e-6));
}

}  // namespace
}  // namespace ruyi
