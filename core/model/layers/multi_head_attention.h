// Computes the attention of several heads, each over its share of the features. Used by every model part. A function
// without state; thread-safe. Source: Vaswani et al. 2017.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ruyi {

// Queries [B, n, width], keys and values [B, m, width] → [B, n, width]. `width` is a multiple of `heads`.
at::Tensor MultiHeadAttention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                              int64_t heads);

}  // namespace ruyi
