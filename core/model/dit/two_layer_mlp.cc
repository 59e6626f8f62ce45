#include "core/model/dit/two_layer_mlp.h"

#include <ATen/ops/silu.h>

namespace ruyi {

TwoLayerMlp TwoLayerMlp::Load(const WeightScope& scope, const Widths& widths) {
  return {.first = Linear::Load(scope.Sub("linear_1"), widths.in, widths.inner),
          .second = Linear::Load(scope.Sub("linear_2"), widths.inner, widths.out)};
}

at::Tensor TwoLayerMlp::Forward(const at::Tensor& x) const {
  const at::Tensor inner = first.ForwardWidened(x);
  return second.ForwardWidened(at::silu(inner.to(at::kFloat)).to(inner.scalar_type()));
}

}  // namespace ruyi
