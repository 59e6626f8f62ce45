// Computes y = x Wᵀ + b: the layer that nearly all weights belong to. Weights may lie in another type than they are
// computed in (core/quant), and may be changed by an update (core/lora): both are done to one layer at a time, while it
// computes. Weight names: weight [out, in], bias [out]. Used by every model part. Immutable after loading; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/weights/weight_store.h"

namespace ruyi {

struct Linear {
  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out], or undefined
  LayerUpdate update;

  static Linear Load(const WeightScope& scope, int64_t in, int64_t out, bool has_bias = true);

  // [..., in] → [..., out], in the type of `x`
  at::Tensor Forward(const at::Tensor& x) const;

  // Returns the gelu of Forward, by its approximation with tanh.
  at::Tensor ForwardGelu(const at::Tensor& x) const;

 private:
  at::Tensor WeightIn(c10::ScalarType type) const;
  at::Tensor BiasIn(c10::ScalarType type) const;
};

}  // namespace ruyi
