#include "core/model/layers/linear.h"

#include <ATen/ops/linear.h>

namespace ruyi {

Linear Linear::Load(const WeightScope& scope, int64_t in, int64_t out, bool has_bias) {
  return {.weight = scope.Take("weight", {out, in}), .bias = has_bias ? scope.Take("bias", {out}) : at::Tensor()};
}

at::Tensor Linear::Forward(const at::Tensor& x) const {
  return at::linear(x, weight, bias);
}

}  // namespace ruyi
