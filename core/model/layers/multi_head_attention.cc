#include "core/model/layers/multi_head_attention.h"

#include <ATen/core/TensorBody.h>

#include "core/tensor/attention_backend.h"

namespace ruyi {
namespace {

// [B, tokens, width] → [B, heads, tokens, width / heads]
at::Tensor SplitHeads(const at::Tensor& x, int64_t heads) {
  return x.unflatten(-1, {heads, -1}).transpose(1, 2);
}

}  // namespace

at::Tensor MultiHeadAttention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                              int64_t heads) {
  return FastestAttention(SplitHeads(queries, heads), SplitHeads(keys, heads), SplitHeads(values, heads))
      .transpose(1, 2)
      .flatten(2);
}

}  // namespace ruyi
