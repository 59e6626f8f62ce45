#include "core/model/layers/multi_head_attention.h"

#include <ATen/core/TensorBody.h>

#include "core/kernels/attention.h"

namespace ruyi {
namespace {

// [B, tokens, width] → [B, heads, tokens, width / heads]
at::Tensor SplitHeads(const at::Tensor& x, int64_t heads) {
  return x.unflatten(-1, {heads, -1}).transpose(1, 2);
}

}  // namespace

at::Tensor MultiHeadAttention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                              int64_t heads) {
  return kernels::Attention(SplitHeads(queries, heads), SplitHeads(keys, heads), SplitHeads(values, heads),
                            queries.size(-1) / heads)
      .transpose(1, 2)
      .flatten(2);
}

}  // namespace ruyi
