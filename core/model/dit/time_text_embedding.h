// Turns the timestep, a summary of the text and the picture's size into the one vector that shifts every block. Before
// it: the request's conditions. After it: the blocks' shifts (dit.h). Immutable after loading; thread-safe. Source:
// HunyuanCombinedTimestepTextSizeStyleEmbedding of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/dit/config.h"
#include "core/model/dit/two_layer_mlp.h"
#include "core/model/layers/linear.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Turns the text's tokens into one vector, by attention from their mean (Radford et al. 2021, the attention pool of
// CLIP). Weight names: positional_embedding [1 + tokens, t5], q_proj, k_proj, v_proj, c_proj [pooled, t5].
struct AttentionPool {
  at::Tensor positions;
  Linear query;
  Linear key;
  Linear value;
  Linear out;

  static AttentionPool Load(const WeightScope& scope, const DitConfig& config);

  // [B, tokens, t5] → [B, pooled]
  at::Tensor Forward(const at::Tensor& text) const;
};

// Weight names: timestep_embedder, pooler, style_embedder.weight [1, hidden], extra_embedder.
struct TimeTextEmbedding {
  TwoLayerMlp timestep_mlp;
  AttentionPool pool;
  at::Tensor style;  // the only one there is
  TwoLayerMlp extra_mlp;

  static TimeTextEmbedding Load(const WeightScope& scope, const DitConfig& config);

  // Timesteps [steps, B], t5 text [B, tokens, t5], sizes [B, 6] in pixels → [steps, B, hidden]
  at::Tensor Forward(const at::Tensor& timesteps, const at::Tensor& t5, const at::Tensor& sizes) const;
};

}  // namespace ruyi
