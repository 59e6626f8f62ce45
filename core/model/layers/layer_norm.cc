#include "core/model/layers/layer_norm.h"

#include <ATen/ops/layer_norm.h>

namespace ruyi {

LayerNorm LayerNorm::Load(const WeightScope& scope, int64_t dim, double eps) {
  return {.dim = dim, .eps = eps, .weight = scope.Take("weight", {dim}), .bias = scope.Take("bias", {dim})};
}

LayerNorm LayerNorm::WithoutAffine(int64_t dim, double eps) {
  return {.dim = dim, .eps = eps, .weight = at::Tensor(), .bias = at::Tensor()};
}

at::Tensor LayerNorm::Forward(const at::Tensor& x) const {
  const c10::ScalarType type = x.scalar_type();
  return at::layer_norm(x, {dim}, weight.defined() ? weight.to(type) : weight, bias.defined() ? bias.to(type) : bias,
                        eps);
}

}  // namespace ruyi
