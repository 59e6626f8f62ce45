// Turns the CLIP picture's many tokens into a few that every block attends to. Before it: core/model/clip_vision. After
// it: the clip attentions of the blocks. Immutable after loading; thread-safe. Source: Bai et al. 2023 (Qwen-VL), one
// layer of a perceiver resampler (Jaegle et al. 2021).
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/dit/config.h"
#include "core/model/layers/layer_norm.h"
#include "core/model/layers/linear.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Weight names: query, pos_embed [queries, cross], kv_proj.weight [cross, clip] unless the widths are equal, ln_q,
// ln_kv, attn.{in_proj_weight [3 cross, cross], in_proj_bias, out_proj}.
struct Resampler {
  int64_t heads = 0;
  at::Tensor queries;
  at::Tensor positions;      // of a square grid
  Linear source_projection;  // without weight: the identity
  LayerNorm query_norm;
  LayerNorm source_norm;
  Linear query;
  Linear key;
  Linear value;
  Linear out;

  static Resampler Load(const WeightScope& scope, const DitConfig& config);

  // Picture tokens [B, n, clip], n a square number → [B, queries, cross]
  at::Tensor Forward(const at::Tensor& tokens) const;

 private:
  at::Tensor PositionsOf(int64_t tokens) const;
};

}  // namespace ruyi
