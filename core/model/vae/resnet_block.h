// Two normalised convolutions beside a shortcut; all blocks are made of these. Before and after it: down_block,
// mid_block, up_block. Immutable after loading; thread-safe. Source: He et al. 2016; ResidualBlock3D of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "core/model/vae/causal_conv3d.h"
#include "core/model/vae/config.h"
#include "core/model/vae/group_norm.h"
#include "core/model/vae/temporal_pass.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Weight names: norm1, conv1, norm2, conv2; shortcut where the number of channels changes.
struct VaeResnetBlock {
  VaeActivation activation = VaeActivation::kSilu;
  VaeGroupNorm norm1;
  CausalConv3d conv1;
  VaeGroupNorm norm2;
  CausalConv3d conv2;
  std::optional<PointwiseConv3d> shortcut;

  static VaeResnetBlock Load(const WeightScope& scope, int64_t in, int64_t out, const VaeConfig& config);

  // [B, in, T, H, W] → [B, out, T, H, W]
  at::Tensor Forward(const at::Tensor& x, TemporalPass& pass) const;

 private:
  at::Tensor ForwardBySlabs(const at::Tensor& x, TemporalPass& pass) const;
  kernels::Features Shortcut(const at::Tensor& x) const;
};

}  // namespace ruyi
