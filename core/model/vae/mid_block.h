// The innermost resnet blocks of encoder and decoder, with attention between them. Before and after it: encoder.h and
// decoder.h. Immutable after loading; thread-safe. Source: MidBlock3D of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/model/vae/attention.h"
#include "core/model/vae/config.h"
#include "core/model/vae/resnet_block.h"
#include "core/model/vae/temporal_pass.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Weight names: convs.0 to convs.(layers_per_block - 1); attentions.N before convs.(N + 1).
struct VaeMidBlock {
  std::vector<VaeResnetBlock> resnets;
  std::vector<std::vector<VaeAttention>> attentions;  // attentions[i] stand before resnets[i]

  static VaeMidBlock Load(const WeightScope& scope, const VaeConfig& config);

  // [B, C, T, H, W] → [B, C, T, H, W]
  at::Tensor Forward(at::Tensor x, TemporalPass& pass) const;
};

}  // namespace ruyi
