// Computes self-attention between the positions of a chunk. Before and after it: the resnet blocks of a mid block or of
// an attention block. Immutable after loading; thread-safe. Source: Vaswani et al. 2017; Attention3D, SpatialAttention
// and TemporalAttention of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "core/model/layers/linear.h"
#include "core/model/vae/config.h"
#include "core/model/vae/group_norm.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Says what attends to what: kSpatial (within a frame), kTemporal (along time at one place) or kFull (all of the
// chunk).
struct VaeAttentionShape {
  VaeAttentionType type = VaeAttentionType::kFull;
  int64_t channels = 0;
  int64_t heads = 1;
};

// Weight names: group_norm, to_q, to_k, to_v, to_out, all with biases.
struct VaeAttention {
  VaeAttentionShape shape;
  VaeGroupNorm norm;
  Linear query;
  Linear key;
  Linear value;
  Linear out;

  static VaeAttention Load(const WeightScope& scope, const VaeAttentionShape& shape, const VaeConfig& config);

  // Returns x plus its attention: [B, C, T, H, W] → [B, C, T, H, W]
  at::Tensor Forward(const at::Tensor& x) const;

 private:
  at::Tensor NormedTokens(const at::Tensor& x) const;
  at::Tensor Attend(const at::Tensor& normed) const;
};

// Loads the attentions that stand between two resnet blocks: none, one, or spatial and temporal under the names 0 and
// 1.
std::vector<VaeAttention> LoadVaeAttentions(const WeightScope& scope, const VaeAttentionShape& shape,
                                            const VaeConfig& config);

}  // namespace ruyi
