// Computes the attention of queries to keys and values. Before it: heads that are normalised and turned. After it: the
// heads as one. On a GPU of compute capability 9.0 the attention of a video's tokens to each other is a kernel of our
// own (docs/adr/0014), and heads that are wider than libtorch's kernels are products (wide_heads.h); all else, and
// always under kernels::aten, runs libtorch's fastest backend (core/tensor/attention_backend.h). Functions without
// state; thread-safe. Source: Vaswani et al. 2017 (attention); Dao et al. 2022 (without materialised scores).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ruyi::kernels {

// Returns `heads` [B, heads, tokens, head_dim] with zeros behind the numbers of each head where that makes Attention
// faster (docs/performance.md): on a GPU without a kernel of our own, in 16 bits, for a long video. Returns all others
// as they are.
at::Tensor WidenHeads(const at::Tensor& heads);

// Computes the attention: queries [B, heads, n, D], keys and values [B, heads, m, D], of which the first `head_dim`
// numbers count and the others are zeros → [B, heads, n, head_dim]
at::Tensor Attention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values, int64_t head_dim);

namespace aten {

at::Tensor Attention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values, int64_t head_dim);

}  // namespace aten
}  // namespace ruyi::kernels
