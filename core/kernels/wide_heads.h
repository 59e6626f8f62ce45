// Computes the attention of heads that are too wide for all fused kernels of libtorch but its oldest: those of the
// video autoencoder have 512 numbers, and that kernel runs at a seventh of a GPU's speed. Two products of cuBLAS with a
// softmax between them, a slab of queries after the other, take a third of the time (docs/performance.md); the scores
// are float32. Before and after it: attention.h. Functions without state; thread-safe. Source: Vaswani et al. 2017.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ruyi::kernels {

// Returns true when WideHeadsAttention takes such queries, keys and values: on a GPU, in 16 bits, of more than 256
// numbers.
bool HasWideHeads(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values);

struct WideHeads {
  double scale = 1;  // of the scores
  // Limits the bytes of the scores that are in memory at once. Their softmax takes half as much beside them.
  int64_t slab_bytes = int64_t{256} << 20;
};

// Computes the attention: queries [B, heads, n, D], keys and values [B, heads, m, D] → [B, heads, n, D], in the type of
// the queries. On a CPU the operators of ATen do what the kernels do.
at::Tensor WideHeadsAttention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                              const WideHeads& how);

}  // namespace ruyi::kernels
