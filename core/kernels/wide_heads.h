// Computes the attention of heads that are too wide for the fused kernels of libtorch's GPUs: those of the video
// autoencoder have 512 numbers, and what is left to them there runs at a seventh of the card's speed. Two products of
// cuBLAS with a softmax between them, a slab of queries after the other, take half of the time (docs/performance.md);
// the scores are float32. Before and after it: attention.h. Functions without state; thread-safe.
// Source: Vaswani et al. 2017.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ruyi::kernels {

// Returns true when WideHeadsAttention takes such queries, keys and values: on a GPU, in 16 bits, of more than 256
// numbers.
bool HasWideHeads(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values);

struct WideHeads {
  double scale = 1;  // of the scores
  // Of the scores that are in memory at once, at most; the softmax of them takes half as much.
  int64_t slab_bytes = int64_t{256} << 20;
};

// Computes the attention: queries [B, heads, n, D], keys and values [B, heads, m, D] → [B, heads, n, D], in the type of
// the queries. On a CPU the operators of ATen do what the kernels do.
at::Tensor WideHeadsAttention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                              const WideHeads& how);

}  // namespace ruyi::kernels
