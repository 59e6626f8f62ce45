// Computes y = x Wᵀ + b over weights as they are stored: in the type of the arithmetic, in 8 bits that are widened for
// the product, or in 8 bits with a scale for each row, which are multiplied as they are (docs/adr/0015). Before it:
// core/model/layers/linear.h. On a GPU with products of 8 bits the last is cuBLAS's; elsewhere, and always under
// kernels::aten, both sides are widened to float32, which gives the same but for the order of the sums. Functions
// without state; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/kernels/activations.h"
#include "core/tensor/scaled_rows.h"

namespace ruyi::kernels {

enum class WeightKind {
  kPlain,    // of the type of the arithmetic
  kWidened,  // of another one, and computed in that of the arithmetic
  kScaled,   // e4m3 with a scale for each row; what it is multiplied with is rounded likewise
};

struct LinearWeight {
  at::Tensor data;   // [out, in]
  at::Tensor scale;  // float32 [out, 1] of kScaled; undefined otherwise

  // Returns the kind for products in `type`.
  WeightKind KindFor(c10::ScalarType type) const;

  // Returns the weight in `type`, widened where it is not.
  at::Tensor In(c10::ScalarType type) const { return Widened({.data = data, .scale = scale}, type); }
};

// Returns x Wᵀ + b in the type of x [..., in]; `bias` [out] has that type, or is undefined. → [..., out]
at::Tensor Linear(const Activations& x, const LinearWeight& weight, const at::Tensor& bias);

// Returns the gelu (by its approximation with tanh) of Linear, in `form`. Rows are made of what was rounded to the type
// of x twice: after the sum and after the gelu.
Activations LinearGelu(const Activations& x, const LinearWeight& weight, const at::Tensor& bias, Form form);

namespace aten {

at::Tensor Linear(const Activations& x, const LinearWeight& weight, const at::Tensor& bias);

}  // namespace aten
}  // namespace ruyi::kernels
