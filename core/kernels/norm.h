// Computes layer normalisation together with what comes before and after it in a block of the transformer: a sum, a
// concatenation, a shift. Before and after it: core/model. On a GPU each is one kernel that reads and writes every
// number once, where the kernel takes such tensors; elsewhere, and always under kernels::aten, the operators of ATen.
// Functions without state; thread-safe. Source: Ba et al. 2016 (layer normalisation).
#pragma once

#include <ATen/core/Tensor.h>

#include "core/kernels/activations.h"

namespace ruyi::kernels {

// The parameters of a normalisation over the last dimension. Each tensor is as wide as that dimension, and of the type
// of the input.
struct NormParameters {
  at::Tensor weight;  // undefined: 1
  at::Tensor bias;    // undefined: 0
  double eps = 0;
};

struct SumAndNorm {
  at::Tensor sum;
  Activations normed;
};

// Normalises x [B, tokens, C], or [..., C] without a shift. `shift` [B, 1, C] is added at the end; it may be undefined.
// The output is shaped as x.
at::Tensor Norm(const at::Tensor& x, const NormParameters& norm, const at::Tensor& shift = {});

// Returns the same in `form`. Rows are rounded to the type of x before they are scaled.
Activations Norm(const at::Tensor& x, const NormParameters& norm, const at::Tensor& shift, Form form);

// Returns the sum of x [B, tokens, C] and `delta`, and the Norm of that sum. `delta` is shaped as x, or [1, frames, 1,
// C], the same for all tokens of a frame. The sum is rounded to the type of x before it is normalised.
SumAndNorm AddNorm(const at::Tensor& x, const at::Tensor& delta, const NormParameters& norm,
                   const at::Tensor& shift = {}, Form form = Form::kPlain);

// Returns the Norm [B, tokens, 2 C] of x and skipped [B, tokens, C], one behind the other.
Activations ConcatNorm(const at::Tensor& x, const at::Tensor& skipped, const NormParameters& norm,
                       Form form = Form::kPlain);

namespace aten {

at::Tensor Norm(const at::Tensor& x, const NormParameters& norm, const at::Tensor& shift = {});
SumAndNorm AddNorm(const at::Tensor& x, const at::Tensor& delta, const NormParameters& norm,
                   const at::Tensor& shift = {});
at::Tensor ConcatNorm(const at::Tensor& x, const at::Tensor& skipped, const NormParameters& norm);

}  // namespace aten
}  // namespace ruyi::kernels
