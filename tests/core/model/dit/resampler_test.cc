#include "core/model/dit/resampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/kron.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/tensor/random_streams.h"

namespace ruyi {
namespace {

constexpr int64_t kWidth = 6;

// Returns a resampler of one head whose projections change nothing, with queries and positions of a 2 × 2 grid.
Resampler PlainResampler(RandomStreams& random) {
  Resampler resampler;
  resampler.heads = 1;
  resampler.queries = *random.Normal(NoisePurpose::kInitialLatents, {4, kWidth});
  resampler.positions = *random.Normal(NoisePurpose::kInitialLatents, {4, kWidth});
  resampler.query_norm = LayerNorm::WithoutAffine(kWidth, 1e-5);
  resampler.source_norm = LayerNorm::WithoutAffine(kWidth, 1e-5);
  for (Linear* linear : {&resampler.query, &resampler.key, &resampler.value, &resampler.out})
    linear->weight.data = at::eye(kWidth);
  return resampler;
}

// Computes the attention written out; `positions` are those of the tokens.
at::Tensor Expected(const Resampler& resampler, const at::Tensor& tokens, const at::Tensor& positions) {
  const at::Tensor asked = at::layer_norm(resampler.queries, {kWidth}) + resampler.positions;
  const at::Tensor source = at::layer_norm(tokens, {kWidth});
  const at::Tensor scores = at::matmul(asked, (source + positions).transpose(0, 1)) / std::sqrt(double{kWidth});
  return at::matmul(at::softmax(scores, -1), source);
}

TEST(Resampler, AttendsToTokensAtTheirPositions) {
  RandomStreams random(3);
  const Resampler resampler = PlainResampler(random);
  const at::Tensor tokens = *random.Normal(NoisePurpose::kInitialLatents, {4, kWidth});
  EXPECT_TRUE(at::allclose(resampler.Forward(tokens.unsqueeze(0))[0], Expected(resampler, tokens, resampler.positions),
                           1e-5, 1e-5));
}

// This is as in the full model, whose CLIP gives more tokens than there are queries: the 2 × 2 positions are resized to
// 4 × 4 by cubic convolution (a = -0.75, borders repeated), whose weights are written out here.
TEST(Resampler, ResizesItsPositionsToTheTokensGrid) {
  RandomStreams random(4);
  const Resampler resampler = PlainResampler(random);
  const at::Tensor tokens = *random.Normal(NoisePurpose::kInitialLatents, {16, kWidth});
  const at::Tensor weights =
      at::tensor({1.10546875f, -0.10546875f, 0.7734375f, 0.2265625f, 0.2265625f, 0.7734375f, -0.10546875f, 1.10546875f})
          .view({4, 2});
  const at::Tensor positions = at::matmul(at::kron(weights, weights), resampler.positions);
  EXPECT_TRUE(
      at::allclose(resampler.Forward(tokens.unsqueeze(0))[0], Expected(resampler, tokens, positions), 1e-5, 1e-5));
}

}  // namespace
}  // namespace ruyi
