// One block of the transformer: self-attention, attention to the text, gated attention to the CLIP picture, and a
// feed-forward network, each on the normalised tokens and added to them. Before and after it: dit.h. Immutable after
// loading; thread-safe. Source: Li et al. 2024 (HunyuanDiT); HunyuanDiTBlock of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "core/kernels/norm.h"
#include "core/model/dit/attention.h"
#include "core/model/dit/config.h"
#include "core/model/dit/feed_forward.h"
#include "core/model/layers/layer_norm.h"
#include "core/model/layers/linear.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Holds what a block needs beside the tokens. Only `shift` changes within a request.
struct DitBlockInput {
  at::Tensor rotary;           // [tokens, head_dim / 2]
  at::Tensor frame_positions;  // [1, frames, 1, hidden] to add, or undefined
  at::Tensor shift;            // [B, 1, hidden]: what the timestep adds to the normalised tokens
  KeyValue text;
  KeyValue clip;  // unused without has_clip
  std::optional<Enhancement> enhance;
};

// The long skip connection of the second half of the blocks. Weight names: skip_norm [2 hidden], skip_linear.
struct DitSkip {
  LayerNorm norm;
  Linear projection;

  static DitSkip Load(const WeightScope& scope, const DitConfig& config);

  // x, skipped [B, tokens, hidden] → [B, tokens, hidden]
  at::Tensor Forward(const at::Tensor& x, const at::Tensor& skipped) const;
};

// Weight names: norm_clip, attn_clip, gate_clip, norm_clip_out.
struct DitClipBranch {
  LayerNorm norm;
  DitAttention attention;
  ClipGate gate;
  LayerNorm out_norm;

  static DitClipBranch Load(const WeightScope& scope, const DitConfig& config);

  // Takes the output of `norm` [B, tokens, hidden] → [B, tokens, hidden]
  at::Tensor Forward(const kernels::Activations& normed, const DitBlockInput& input) const;
};

// Weight names: norm1.{linear, norm}, attn1, norm2, attn2, norm3, ff.
struct DitBlock {
  std::optional<DitSkip> skip;
  Linear time_shift;
  LayerNorm self_norm;
  DitAttention self_attention;
  LayerNorm text_norm;
  DitAttention text_attention;
  std::optional<DitClipBranch> clip;
  LayerNorm ff_norm;
  FeedForward ff;

  // `has_skip`: the block is one of those that take a skip connection.
  static DitBlock Load(const WeightScope& scope, const DitConfig& config, bool has_skip);

  // Returns the input that the self-attention of a block without skip connection gets for x [B, tokens, hidden].
  at::Tensor Modulate(const at::Tensor& x, const DitBlockInput& input) const;

  // x [B, tokens, hidden]; `skipped` likewise, used by blocks that have a skip connection → [B, tokens, hidden]
  at::Tensor Forward(const at::Tensor& x, const at::Tensor& skipped, const DitBlockInput& input) const;

 private:
  kernels::SumAndNorm Begin(const at::Tensor& x, const DitBlockInput& input, kernels::Form form) const;
};

}  // namespace ruyi
