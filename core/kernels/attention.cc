#include "core/kernels/attention.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <cmath>
#include <optional>

namespace ruyi::kernels {
namespace {

// cuDNN takes 6 % less time for 96 numbers than for 88 with 68040 tokens, and nothing is gained with 30240.
constexpr int64_t kWidthMultiple = 32;
constexpr int64_t kLongVideo = int64_t{32} << 10;  // tokens

bool IsWorthWidening(const at::Tensor& heads) {
  return heads.is_cuda() && heads.element_size() == 2 && heads.size(2) >= kLongVideo;
}

}  // namespace

at::Tensor WidenHeads(const at::Tensor& heads) {
  const int64_t beyond = heads.size(3) % kWidthMultiple;
  if (beyond == 0 || !IsWorthWidening(heads))
    return heads;
  return at::constant_pad_nd(heads, {0, kWidthMultiple - beyond});
}

at::Tensor Attention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values, int64_t head_dim) {
  const double scale = 1 / std::sqrt(static_cast<double>(head_dim));
  return at::scaled_dot_product_attention(queries, keys, values, /*attn_mask=*/std::nullopt, /*dropout_p=*/0,
                                          /*is_causal=*/false, scale)
      .narrow(3, 0, head_dim);
}

}  // namespace ruyi::kernels
