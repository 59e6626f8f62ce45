// Halves height and width, time, or both by a strided convolution. Before it: the resnet blocks of a down block. After
// it: the next down block. Immutable after loading; thread-safe. Source: the *Downsampler3D of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/model/vae/causal_conv3d.h"
#include "core/model/vae/config.h"
#include "core/model/vae/temporal_pass.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Weight names: conv.
struct VaeDownsampler {
  CausalConv3d conv;

  // `resampling` is not kNone.
  static VaeDownsampler Load(const WeightScope& scope, int64_t channels, VaeResampling resampling);

  // [B, C, T, H, W] → [B, C, T or ceil(T / 2), H or H / 2, W or W / 2]
  at::Tensor Forward(const at::Tensor& x, TemporalPass& pass) const;
};

}  // namespace ruyi
