// Computes y = x Wᵀ + b: the layer that nearly all weights belong to. Weights may lie in another type than they are
// computed in (core/quant), and may be changed by an update (core/lora): both are done to one layer at a time, while it
// computes. Weights of scaled rows stay as they are, and the update's product is added beside theirs. Weight names:
// weight [out, in], bias [out]. Used by every model part. Immutable after loading; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/kernels/linear.h"
#include "core/weights/weight_store.h"

namespace ruyi {

struct Linear {
  kernels::LinearWeight weight;  // [out, in]
  at::Tensor bias;               // [out], or undefined
  LayerUpdate update;

  static Linear Load(const WeightScope& scope, int64_t in, int64_t out, bool has_bias = true);

  // [..., in] → [..., out], in the type of `x`
  at::Tensor Forward(const kernels::Activations& x) const;

  // Returns the gelu of Forward, by its approximation with tanh, in the form that the next layer takes.
  kernels::Activations ForwardGelu(const kernels::Activations& x, kernels::Form form = kernels::Form::kPlain) const;

  // Computes Forward without rounding `x` to 8 bits, over a weight that is widened: for what all steps or all tokens
  // share, whose errors would not average out, and for the last layer (docs/adr/0015).
  at::Tensor ForwardWidened(const at::Tensor& x) const;

  // Returns the form in which Forward takes its input without changing it.
  kernels::Form InputForm() const;

 private:
  bool HasSidePath() const { return weight.scale.defined() && update.up.defined(); }
  at::Tensor MergedWeight(c10::ScalarType type) const;
  kernels::LinearWeight WeightFor(c10::ScalarType type) const;
  at::Tensor BiasIn(c10::ScalarType type) const;
};

}  // namespace ruyi
