// Prepares queries and keys for attention: normalises each head, and turns it by the token's place. Before and after
// it: core/model/dit/attention.h. On a GPU each is one kernel, where that takes such tensors; elsewhere, and always
// under kernels::aten, the operators of ATen. Functions without state; thread-safe. Source: Su et al. 2021 (RoFormer);
// Dehghani et al. 2023 (QK norm).
#pragma once

#include <ATen/core/Tensor.h>

#include "core/kernels/norm.h"

namespace ruyi::kernels {

// Turns pairs of neighbouring features of x [B, tokens, heads, head_dim] by `table`, complex64 [tokens, head_dim / 2],
// in float32. The output is shaped as x.
at::Tensor Rotate(const at::Tensor& x, const at::Tensor& table);

// Returns the Rotate of the Norm over head_dim; the kernel does not round between the two.
at::Tensor NormRotate(const at::Tensor& x, const NormParameters& norm, const at::Tensor& table);

namespace aten {

at::Tensor Rotate(const at::Tensor& x, const at::Tensor& table);
at::Tensor NormRotate(const at::Tensor& x, const NormParameters& norm, const at::Tensor& table);

}  // namespace aten
}  // namespace ruyi::kernels
