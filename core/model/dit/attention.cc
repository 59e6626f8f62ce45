#include "core/model/dit/attention.h"

#include <ATen/TensorOperators.h>

#include "core/kernels/attention.h"
#include "core/kernels/norm_rotate.h"
#include "core/model/dit/enhance_video.h"

namespace ruyi {
namespace {

constexpr double kEps = 1e-6;

}  // namespace

DitAttention DitAttention::Load(const WeightScope& scope, const DitConfig& config, int64_t source_dim) {
  const int64_t hidden = config.hidden();
  return {.heads = config.heads,
          .query = Linear::Load(scope.Sub("to_q"), hidden, hidden),
          .key = Linear::Load(scope.Sub("to_k"), source_dim, hidden),
          .value = Linear::Load(scope.Sub("to_v"), source_dim, hidden),
          .out = Linear::Load(scope.Sub("to_out.0"), hidden, hidden),
          .query_norm = LayerNorm::Load(scope.Sub("norm_q"), config.head_dim, kEps),
          .key_norm = LayerNorm::Load(scope.Sub("norm_k"), config.head_dim, kEps)};
}

kernels::Form DitAttention::SelfForm() const {
  for (const Linear* layer : {&query, &key, &value}) {
    if (layer->InputForm() == kernels::Form::kPlain)
      return kernels::Form::kPlain;
  }
  return kernels::Form::kRows;
}

int64_t DitAttention::HeadDim(const kernels::Activations& x) const {
  return x.sizes().back() / heads;
}

// [B, tokens, heads * head_dim] → [B, tokens, heads, head_dim]
at::Tensor DitAttention::SplitHeads(const at::Tensor& x) const {
  return x.unflatten(-1, {heads, -1});
}

// [B, heads, tokens, head_dim] each; queries and keys normalised and turned
at::Tensor DitAttention::Queries(const kernels::Activations& x, const at::Tensor& rotary) const {
  return kernels::NormRotate(SplitHeads(query.Forward(x)), query_norm.In(x.type()), rotary).transpose(1, 2);
}
at::Tensor DitAttention::Keys(const kernels::Activations& x, const at::Tensor& rotary) const {
  return kernels::NormRotate(SplitHeads(key.Forward(x)), key_norm.In(x.type()), rotary).transpose(1, 2);
}
at::Tensor DitAttention::Values(const kernels::Activations& x) const {
  return SplitHeads(value.Forward(x)).transpose(1, 2);
}

KeyValue DitAttention::KeysAndValues(const at::Tensor& source) const {
  return {.key = key_norm.Forward(SplitHeads(key.ForwardWidened(source))).transpose(1, 2),
          .value = SplitHeads(value.ForwardWidened(source)).transpose(1, 2)};
}

// [B, heads, tokens, head_dim]. Each tensor is widened before the next is made, and all are gone before the heads are
// joined: with a long video they are what takes the memory.
at::Tensor DitAttention::SelfAttention(const kernels::Activations& x, const at::Tensor& rotary) const {
  const at::Tensor queries = kernels::WidenHeads(Queries(x, rotary));
  const at::Tensor keys = kernels::WidenHeads(Keys(x, rotary));
  const at::Tensor values = kernels::WidenHeads(Values(x));
  return kernels::Attention(queries, keys, values, HeadDim(x));
}

at::Tensor DitAttention::Forward(const kernels::Activations& x, const at::Tensor& rotary,
                                 const std::optional<Enhancement>& enhance) const {
  if (enhance.has_value())
    return ForwardEnhanced(x, rotary, *enhance);
  return Join(SelfAttention(x, rotary));
}

// Looks at queries and keys before they are turned, too.
at::Tensor DitAttention::ForwardEnhanced(const kernels::Activations& x, const at::Tensor& rotary,
                                         const Enhancement& enhance) const {
  const at::Tensor queries = query_norm.Forward(SplitHeads(query.Forward(x)));
  const at::Tensor keys = key_norm.Forward(SplitHeads(key.Forward(x)));
  const auto turned = [&](const at::Tensor& tensor) { return kernels::Rotate(tensor, rotary).transpose(1, 2); };
  const at::Tensor found = Join(kernels::Attention(turned(queries), turned(keys), Values(x), HeadDim(x)));
  return found * EnhanceScore(queries, keys, enhance.frames, enhance.weight);
}

at::Tensor DitAttention::Forward(const kernels::Activations& x, const at::Tensor& rotary,
                                 const KeyValue& source) const {
  const auto for_all = [&](const at::Tensor& tensor) { return tensor.expand({x.sizes()[0], -1, -1, -1}); };
  return Join(kernels::Attention(Queries(x, rotary), for_all(source.key), for_all(source.value), HeadDim(x)));
}

// [B, heads, tokens, head_dim] → [B, tokens, hidden]
at::Tensor DitAttention::Join(const at::Tensor& found) const {
  return out.Forward(found.transpose(1, 2).flatten(2));
}

}  // namespace ruyi
