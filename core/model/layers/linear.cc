#include "core/model/layers/linear.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/linear.h>

#include "core/kernels/gelu.h"

namespace ruyi {

Linear Linear::Load(const WeightScope& scope, int64_t in, int64_t out, bool has_bias) {
  const WeightScope layer = scope.AsLinear({.out = out, .in = in});
  return {.weight = layer.Take("weight", {out, in}),
          .bias = has_bias ? layer.Take("bias", {out}) : at::Tensor(),
          .update = layer.Update()};
}

at::Tensor Linear::WeightIn(c10::ScalarType type) const {
  const at::Tensor own = weight.to(type);
  return update.up.defined() ? at::addmm(own, update.up, update.down) : own;
}

at::Tensor Linear::BiasIn(c10::ScalarType type) const {
  return bias.defined() ? bias.to(type) : bias;
}

at::Tensor Linear::Forward(const at::Tensor& x) const {
  const c10::ScalarType type = x.scalar_type();
  return at::linear(x, WeightIn(type), BiasIn(type));
}

at::Tensor Linear::ForwardGelu(const at::Tensor& x) const {
  const c10::ScalarType type = x.scalar_type();
  return kernels::LinearGelu(x, WeightIn(type), BiasIn(type));
}

}  // namespace ruyi
