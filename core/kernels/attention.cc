#include "core/kernels/attention.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <optional>

#include "core/kernels/launch.h"
#include "core/kernels/wide_heads.h"
#include "core/tensor/attention_backend.h"

namespace ruyi::kernels {
namespace {

// cuDNN takes 6 % less time for 96 numbers than for 88 with 68040 tokens, and nothing is gained with 30240.
constexpr int64_t kWidthMultiple = 32;
constexpr int64_t kLongVideo = int64_t{32} << 10;  // tokens

// cuDNN is faster with 1024 tokens, and our kernel by a quarter with 1536.
constexpr int64_t kFewestTokens = 1536;

double ScaleOf(int64_t head_dim) {
  return 1 / std::sqrt(static_cast<double>(head_dim));
}

bool IsWorthWidening(const at::Tensor& heads) {
  return heads.is_cuda() && heads.element_size() == 2 && heads.size(2) >= kLongVideo;
}

// Says whether our kernel takes heads of this kind, as queries, keys and values alike.
bool HasKernel(const at::Tensor& heads) {
  return heads.is_cuda() && heads.scalar_type() == at::kBFloat16 && heads.size(3) == cuda::kHeadNumbers &&
         heads.size(2) >= kFewestTokens && cuda::RuyiAttendsOn(heads.device().index());
}

// Between [B, heads, tokens, head_dim], as attention is written, and [B, tokens, heads, head_dim], as features lie.
at::Tensor Swapped(const at::Tensor& heads) {
  return heads.transpose(1, 2);
}

// Returns the attention as our kernel computes it, or nothing where the kernel does not fit.
std::optional<at::Tensor> OwnAttention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values) {
  if (!HasKernel(queries) || keys.sizes() != queries.sizes() || values.sizes() != queries.sizes())
    return std::nullopt;
  const at::Tensor inputs[] = {Swapped(queries), Swapped(keys), Swapped(values)};
  if (!FitsKernels({&inputs[0], &inputs[1], &inputs[2]}, cuda::kHeadNumbers))
    return std::nullopt;
  const at::Tensor out = at::empty(inputs[0].sizes(), inputs[0].options());
  Launch(out, cuda::AttentionHeads{.queries = Input(inputs[0]),
                                   .keys = Input(inputs[1]),
                                   .values = Input(inputs[2]),
                                   .out = Output(out),
                                   .batches = static_cast<int>(out.size(0)),
                                   .tokens = static_cast<int>(out.size(1)),
                                   .heads = static_cast<int>(out.size(2)),
                                   .scale = static_cast<float>(ScaleOf(cuda::kHeadNumbers))});
  return Swapped(out);
}

}  // namespace

namespace aten {

at::Tensor Attention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values, int64_t head_dim) {
  return FastestAttention(queries, keys, values, ScaleOf(head_dim)).narrow(3, 0, head_dim);
}

}  // namespace aten

at::Tensor WidenHeads(const at::Tensor& heads) {
  const int64_t beyond = heads.size(3) % kWidthMultiple;
  if (beyond == 0 || !IsWorthWidening(heads) || HasKernel(heads))
    return heads;
  return at::constant_pad_nd(heads, {0, kWidthMultiple - beyond});
}

at::Tensor Attention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values, int64_t head_dim) {
  if (const std::optional<at::Tensor> found = OwnAttention(queries, keys, values))
    return *found;
  if (HasWideHeads(queries, keys, values))
    return WideHeadsAttention(queries, keys, values, {.scale = ScaleOf(head_dim)}).narrow(3, 0, head_dim);
  return aten::Attention(queries, keys, values, head_dim);
}

}  // namespace ruyi::kernels
