// Resnet blocks, each with its attention if the type has one, then an upsampler. Before it: the decoder's mid block or
// the block inside. After it: the block outside. Immutable after loading; thread-safe.
// Source: the *UpBlock3D of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "core/model/vae/attention.h"
#include "core/model/vae/config.h"
#include "core/model/vae/resnet_block.h"
#include "core/model/vae/temporal_pass.h"
#include "core/model/vae/upsampler.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Weight names: convs.N; attentions.N in the attention types; upsampler unless this is the outermost block.
struct VaeUpBlock {
  std::vector<VaeResnetBlock> resnets;
  std::vector<VaeAttention> attentions;  // empty, or one for each resnet block
  std::optional<VaeUpsampler> upsampler;

  // `index` counts from the innermost block.
  static VaeUpBlock Load(const WeightScope& scope, size_t index, const VaeConfig& config);

  // [B, in, T, H, W] → [B, out, T', H or 2H, W or 2W]
  at::Tensor Forward(at::Tensor x, TemporalPass& pass) const;
};

}  // namespace ruyi
