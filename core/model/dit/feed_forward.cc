#include "core/model/dit/feed_forward.h"

#include "core/kernels/gelu.h"

namespace ruyi {

FeedForward FeedForward::Load(const WeightScope& scope, const DitConfig& config) {
  return {.up = Linear::Load(scope.Sub("net.0.proj"), config.hidden(), config.ff_dim),
          .down = Linear::Load(scope.Sub("net.2"), config.ff_dim, config.hidden())};
}

at::Tensor FeedForward::Forward(const kernels::Activations& x) const {
  return down.Forward(up.ForwardGelu(x, down.InputForm()));
}

ClipGate ClipGate::Load(const WeightScope& scope, const DitConfig& config) {
  const int64_t hidden = config.hidden();
  // The reference passes its width where the norm takes epsilon; the weights were trained with that.
  return {.norm = LayerNorm::Load(scope.Sub("norm").AsNorm(), hidden, /*eps=*/static_cast<double>(hidden)),
          .projection = Linear::Load(scope.Sub("proj"), hidden, 2 * hidden)};
}

at::Tensor ClipGate::Forward(const at::Tensor& x) const {
  const kernels::NormParameters parameters = norm.In(x.scalar_type());
  return kernels::GatedGelu(projection.Forward(kernels::Norm(x, parameters, /*shift=*/{}, projection.InputForm())));
}

}  // namespace ruyi
