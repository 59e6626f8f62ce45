#include "core/model/dit/feed_forward.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/chunk.h>
#include <ATen/ops/gelu.h>

namespace ruyi {

FeedForward FeedForward::Load(const WeightScope& scope, const DitConfig& config) {
  return {.up = Linear::Load(scope.Sub("net.0.proj"), config.hidden(), config.ff_dim),
          .down = Linear::Load(scope.Sub("net.2"), config.ff_dim, config.hidden())};
}

at::Tensor FeedForward::Forward(const at::Tensor& x) const {
  return down.Forward(at::gelu(up.Forward(x), "tanh"));
}

ClipGate ClipGate::Load(const WeightScope& scope, const DitConfig& config) {
  const int64_t hidden = config.hidden();
  // The reference passes its width where the norm takes epsilon; the weights were trained with that.
  return {.norm = LayerNorm::Load(scope.Sub("norm").AsNorm(), hidden, /*eps=*/static_cast<double>(hidden)),
          .projection = Linear::Load(scope.Sub("proj"), hidden, 2 * hidden)};
}

at::Tensor ClipGate::Forward(const at::Tensor& x) const {
  const std::vector<at::Tensor> halves = at::chunk(projection.Forward(norm.Forward(x)), 2, -1);
  return halves[0] * at::gelu(halves[1]);
}

}  // namespace ruyi
