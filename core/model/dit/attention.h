// The attentions of a block: of the video's tokens to each other, and to the tokens of the text or of the CLIP picture.
// Queries and keys are normalised per head; queries, and keys of the video, are turned by their place. Before and after
// them: block.h. Immutable after loading; thread-safe.
// Source: Attention with HunyuanAttnProcessor2_0 of diffusers v0.31.0 (QK norm: Dehghani et al. 2023).
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "core/model/dit/config.h"
#include "core/model/layers/layer_norm.h"
#include "core/model/layers/linear.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// The keys and values that queries look up: [B, heads, tokens, head_dim] each. B may be 1 for all batches.
struct KeyValue {
  at::Tensor key;
  at::Tensor value;
};

// Says how Enhance-A-Video works in a self-attention over `frames` frames.
struct Enhancement {
  int64_t frames = 0;
  double weight = 0;
};

// Weight names: to_q, to_k, to_v, to_out.0 and the norms norm_q, norm_k over head_dim.
struct DitAttention {
  int64_t heads = 0;
  Linear query;
  Linear key;
  Linear value;
  Linear out;
  LayerNorm query_norm;
  LayerNorm key_norm;

  // Keys and values come from features of width `source_dim`.
  static DitAttention Load(const WeightScope& scope, const DitConfig& config, int64_t source_dim);

  // Returns the keys and values of `source` [B, tokens, source_dim], whose tokens have no places.
  KeyValue KeysAndValues(const at::Tensor& source) const;

  // Return the forms in which self-attention and cross-attention take their tokens without changing them.
  kernels::Form SelfForm() const;
  kernels::Form CrossForm() const { return query.InputForm(); }

  // Computes self-attention: x [B, tokens, hidden], rotary [tokens, head_dim / 2] → [B, tokens, hidden]
  at::Tensor Forward(const kernels::Activations& x, const at::Tensor& rotary,
                     const std::optional<Enhancement>& enhance) const;

  // Computes cross-attention to the result of KeysAndValues: x [B, tokens, hidden] → [B, tokens, hidden]
  at::Tensor Forward(const kernels::Activations& x, const at::Tensor& rotary, const KeyValue& source) const;

 private:
  int64_t HeadDim(const kernels::Activations& x) const;
  at::Tensor SplitHeads(const at::Tensor& x) const;
  at::Tensor Queries(const kernels::Activations& x, const at::Tensor& rotary) const;
  at::Tensor Keys(const kernels::Activations& x, const at::Tensor& rotary) const;
  at::Tensor Values(const kernels::Activations& x) const;
  at::Tensor ForwardEnhanced(const kernels::Activations& x, const at::Tensor& rotary, const Enhancement& enhance) const;
  at::Tensor SelfAttention(const kernels::Activations& x, const at::Tensor& rotary) const;
  at::Tensor Join(const at::Tensor& found) const;
};

}  // namespace ruyi
