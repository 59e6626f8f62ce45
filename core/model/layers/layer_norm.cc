#include "core/model/layers/layer_norm.h"

#include <ATen/core/TensorBody.h>

namespace ruyi {

LayerNorm LayerNorm::Load(const WeightScope& scope, int64_t dim, double eps) {
  return {.dim = dim, .eps = eps, .weight = scope.Take("weight", {dim}), .bias = scope.Take("bias", {dim})};
}

LayerNorm LayerNorm::WithoutAffine(int64_t dim, double eps) {
  return {.dim = dim, .eps = eps, .weight = at::Tensor(), .bias = at::Tensor()};
}

kernels::NormParameters LayerNorm::In(c10::ScalarType type) const {
  return {
      .weight = weight.defined() ? weight.to(type) : weight, .bias = bias.defined() ? bias.to(type) : bias, .eps = eps};
}

at::Tensor LayerNorm::Forward(const at::Tensor& x) const {
  return kernels::Norm(x, In(x.scalar_type()));
}

}  // namespace ruyi
