// Layer normalisation together with what comes before and after it in a block of the transformer: a sum, a
// concatenation, a shift. Before and after it: core/model. On a GPU each is one kernel that reads and writes every
// number once, where the kernel takes such tensors; elsewhere, and always under kernels::aten, the operators of ATen.
// Functions without state; thread-safe. Source: Ba et al. 2016 (layer normalisation).
#pragma once

#include <ATen/core/Tensor.h>

namespace ruyi::kernels {

// Of a normalisation over the last dimension; each tensor as wide as that, in the type of what is normalised.
struct NormParameters {
  at::Tensor weight;  // undefined: 1
  at::Tensor bias;    // undefined: 0
  double eps = 0;
};

struct SumAndNorm {
  at::Tensor sum;
  at::Tensor normed;
};

// x [B, tokens, C], or [..., C] without a shift; `shift` [B, 1, C] to add at the end, or undefined → as x
at::Tensor Norm(const at::Tensor& x, const NormParameters& norm, const at::Tensor& shift = {});

// The sum of x [B, tokens, C] and `delta`, which is alike or [1, frames, 1, C], the same for all tokens of a frame. It
// is rounded to the type of x, and its Norm computed of that.
SumAndNorm AddNorm(const at::Tensor& x, const at::Tensor& delta, const NormParameters& norm,
                   const at::Tensor& shift = {});

// x, skipped [B, tokens, C] → the Norm [B, tokens, 2 C] of both, one behind the other
at::Tensor ConcatNorm(const at::Tensor& x, const at::Tensor& skipped, const NormParameters& norm);

namespace aten {

at::Tensor Norm(const at::Tensor& x, const NormParameters& norm, const at::Tensor& shift = {});
SumAndNorm AddNorm(const at::Tensor& x, const at::Tensor& delta, const NormParameters& norm,
                   const at::Tensor& shift = {});
at::Tensor ConcatNorm(const at::Tensor& x, const at::Tensor& skipped, const NormParameters& norm);

}  // namespace aten
}  // namespace ruyi::kernels
