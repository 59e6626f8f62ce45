// Resnet blocks, each with its attention if the type has one, then a downsampler. Before it: the encoder's first
// convolution or the block outside. After it: the block inside. Immutable after loading; thread-safe.
// Source: the *DownBlock3D of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "core/model/vae/attention.h"
#include "core/model/vae/config.h"
#include "core/model/vae/downsampler.h"
#include "core/model/vae/resnet_block.h"
#include "core/model/vae/temporal_pass.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Weight names: convs.N; attentions.N in the attention types; downsampler unless this is the innermost block.
struct VaeDownBlock {
  std::vector<VaeResnetBlock> resnets;
  std::vector<VaeAttention> attentions;  // empty, or one for each resnet block
  std::optional<VaeDownsampler> downsampler;

  // `index` counts from the outermost block.
  static VaeDownBlock Load(const WeightScope& scope, size_t index, const VaeConfig& config);

  // [B, in, T, H, W] → [B, out, T or ceil(T / 2), H or H / 2, W or W / 2]
  at::Tensor Forward(at::Tensor x, TemporalPass& pass) const;
};

}  // namespace ruyi
