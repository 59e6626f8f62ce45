#include "core/model/layers/linear.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>

namespace ruyi {

Linear Linear::Load(const WeightScope& scope, int64_t in, int64_t out, bool has_bias) {
  const LayerShape shape = {.out = out, .in = in};
  const WeightScope layer = scope.AsLinear(shape);
  const ScaledRows rows = layer.TakeMatrix(shape);
  return {.weight = {.data = rows.data, .scale = rows.scale},
          .bias = has_bias ? layer.Take("bias", {out}) : at::Tensor(),
          .update = layer.Update()};
}

// Returns the weight in `type`, the update included.
at::Tensor Linear::MergedWeight(c10::ScalarType type) const {
  const at::Tensor own = weight.In(type);
  return update.up.defined() ? at::addmm(own, update.up, update.down) : own;
}

// Returns the weight to multiply with, to which a side path may have to be added.
kernels::LinearWeight Linear::WeightFor(c10::ScalarType type) const {
  if (weight.scale.defined() || !update.up.defined())
    return weight;
  return {.data = MergedWeight(type), .scale = {}};
}

at::Tensor Linear::BiasIn(c10::ScalarType type) const {
  return bias.defined() ? bias.to(type) : bias;
}

at::Tensor Linear::Forward(const kernels::Activations& x) const {
  const at::Tensor y = kernels::Linear(x, WeightFor(x.type()), BiasIn(x.type()));
  return HasSidePath() ? y + at::linear(at::linear(x.plain(), update.down), update.up) : y;
}

kernels::Activations Linear::ForwardGelu(const kernels::Activations& x, kernels::Form form) const {
  if (HasSidePath())
    return at::gelu(Forward(x), "tanh");
  return kernels::LinearGelu(x, WeightFor(x.type()), BiasIn(x.type()), form);
}

at::Tensor Linear::ForwardWidened(const at::Tensor& x) const {
  return at::linear(x, MergedWeight(x.scalar_type()), BiasIn(x.scalar_type()));
}

kernels::Form Linear::InputForm() const {
  return weight.scale.defined() && !update.up.defined() ? kernels::Form::kRows : kernels::Form::kPlain;
}

}  // namespace ruyi
