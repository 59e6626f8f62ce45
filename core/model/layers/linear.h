// y = x Wᵀ + b, the layer that nearly all weights belong to. Weight names: weight [out, in], bias [out].
// Used by every model part. Immutable after loading; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/weights/weight_store.h"

namespace ruyi {

struct Linear {
  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out], or undefined

  static Linear Load(const WeightScope& scope, int64_t in, int64_t out, bool has_bias = true);

  // [..., in] → [..., out]
  at::Tensor Forward(const at::Tensor& x) const;
};

}  // namespace ruyi
