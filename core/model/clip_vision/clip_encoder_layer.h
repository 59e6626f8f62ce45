// One transformer layer of the CLIP vision model: self-attention and an MLP, each on the normalised input and added to
// it. Before and after it: clip_vision_model.h. Immutable after loading; thread-safe.
// Source: Radford et al. 2021 (CLIP); transformers v4.46, modeling_clip.py, CLIPEncoderLayer.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/clip_vision/config.h"
#include "core/model/layers/layer_norm.h"
#include "core/model/layers/linear.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Lets every token attend to every token. Weight names: q_proj, k_proj, v_proj, out_proj, each a Linear of hidden ×
// hidden.
struct ClipAttention {
  int64_t heads = 0;
  Linear query;
  Linear key;
  Linear value;
  Linear out;

  static ClipAttention Load(const WeightScope& scope, const ClipVisionConfig& config);

  // [B, tokens, hidden] → [B, tokens, hidden]
  at::Tensor Forward(const at::Tensor& x) const;
};

// Weight names: fc1 (hidden → intermediate), fc2 (intermediate → hidden).
struct ClipMlp {
  ClipActivation activation = ClipActivation::kQuickGelu;
  Linear up;
  Linear down;

  static ClipMlp Load(const WeightScope& scope, const ClipVisionConfig& config);

  // [B, tokens, hidden] → [B, tokens, hidden]
  at::Tensor Forward(const at::Tensor& x) const;
};

// Weight names: layer_norm1, self_attn, layer_norm2, mlp.
struct ClipEncoderLayer {
  LayerNorm attention_norm;
  ClipAttention attention;
  LayerNorm mlp_norm;
  ClipMlp mlp;

  static ClipEncoderLayer Load(const WeightScope& scope, const ClipVisionConfig& config);

  // [B, tokens, hidden] → [B, tokens, hidden]
  at::Tensor Forward(const at::Tensor& x) const;
};

}  // namespace ruyi
