#include "core/model/clip_vision/clip_encoder_layer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/sigmoid.h>

#include "core/model/layers/multi_head_attention.h"

namespace ruyi {
namespace {

at::Tensor Activate(const at::Tensor& x, ClipActivation activation) {
  return activation == ClipActivation::kGelu ? at::gelu(x) : x * at::sigmoid(x * 1.702);
}

}  // namespace

ClipAttention ClipAttention::Load(const WeightScope& scope, const ClipVisionConfig& config) {
  const int64_t hidden = config.hidden_size;
  return {.heads = config.heads,
          .query = Linear::Load(scope.Sub("q_proj"), hidden, hidden),
          .key = Linear::Load(scope.Sub("k_proj"), hidden, hidden),
          .value = Linear::Load(scope.Sub("v_proj"), hidden, hidden),
          .out = Linear::Load(scope.Sub("out_proj"), hidden, hidden)};
}

at::Tensor ClipAttention::Forward(const at::Tensor& x) const {
  return out.Forward(MultiHeadAttention(query.Forward(x), key.Forward(x), value.Forward(x), heads));
}

ClipMlp ClipMlp::Load(const WeightScope& scope, const ClipVisionConfig& config) {
  return {.activation = config.activation,
          .up = Linear::Load(scope.Sub("fc1"), config.hidden_size, config.intermediate_size),
          .down = Linear::Load(scope.Sub("fc2"), config.intermediate_size, config.hidden_size)};
}

at::Tensor ClipMlp::Forward(const at::Tensor& x) const {
  return down.Forward(Activate(up.Forward(x), activation));
}

ClipEncoderLayer ClipEncoderLayer::Load(const WeightScope& scope, const ClipVisionConfig& config) {
  return {.attention_norm = LayerNorm::Load(scope.Sub("layer_norm1"), config.hidden_size, config.layer_norm_eps),
          .attention = ClipAttention::Load(scope.Sub("self_attn"), config),
          .mlp_norm = LayerNorm::Load(scope.Sub("layer_norm2"), config.hidden_size, config.layer_norm_eps),
          .mlp = ClipMlp::Load(scope.Sub("mlp"), config)};
}

at::Tensor ClipEncoderLayer::Forward(const at::Tensor& x) const {
  const at::Tensor attended = x + attention.Forward(attention_norm.Forward(x));
  return attended + mlp.Forward(mlp_norm.Forward(attended));
}

}  // namespace ruyi
