// Computes the two activations of a block of the transformer, each together with the product before it. Before and
// after it: core/model/dit/feed_forward.h. On a GPU GatedGelu is one kernel and LinearGelu one product of cuBLAS, where
// those take such tensors; elsewhere, and always under kernels::aten, the operators of ATen. Functions without state;
// thread-safe. Source: Hendrycks & Gimpel 2016 (GELU); Shazeer 2020 (GEGLU).
#pragma once

#include <ATen/core/Tensor.h>

namespace ruyi::kernels {

// Multiplies the first half of the features of x [..., 2 C] by the gelu (by the error function) of the second → [...,
// C]
at::Tensor GatedGelu(const at::Tensor& x);

// Returns the gelu (by its approximation with tanh) of x Wᵀ + b: x [..., in], weight [out, in], bias [out] or
// undefined, all of one type → [..., out]. cuBLAS does not round between the two; in float32 nothing would be gained by
// that.
at::Tensor LinearGelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

namespace aten {

at::Tensor GatedGelu(const at::Tensor& x);
at::Tensor LinearGelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace aten
}  // namespace ruyi::kernels
