// Normalises over the last dimension. Weight names: weight [dim], bias [dim]; without affine parameters nothing is
// loaded. Used by every model part. Immutable after loading; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/kernels/norm.h"
#include "core/weights/weight_store.h"

namespace ruyi {

struct LayerNorm {
  int64_t dim = 0;
  double eps = 1e-5;
  at::Tensor weight;  // [dim], or undefined
  at::Tensor bias;    // [dim], or undefined

  static LayerNorm Load(const WeightScope& scope, int64_t dim, double eps);
  static LayerNorm WithoutAffine(int64_t dim, double eps);

  // Returns the parameters in `type`, for the functions of core/kernels.
  kernels::NormParameters In(c10::ScalarType type) const;

  // [..., dim] → [..., dim]
  at::Tensor Forward(const at::Tensor& x) const;
};

}  // namespace ruyi
