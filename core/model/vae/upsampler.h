// Doubles height and width, time, or both, with a convolution. Before it: the resnet blocks of an up block. After it:
// the next up block. Immutable after loading; thread-safe. Source: the *Upsampler3D of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <optional>

#include "core/kernels/features.h"
#include "core/model/vae/causal_conv3d.h"
#include "core/model/vae/config.h"
#include "core/model/vae/doubling_conv3d.h"
#include "core/model/vae/slabs.h"
#include "core/model/vae/temporal_pass.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Weight names: conv.
struct VaeUpsampler {
  VaeResampling resampling = VaeResampling::kSpatial;
  bool repeats_frames = false;  // kSpatialTemporal: new frames are copies instead of blends of their neighbours
  CausalConv3d conv;
  std::optional<DoublingConv3d> doubling;  // on a GPU, for pixels: in place of conv
  int64_t extra_bytes = 0;                 // that its weights take more

  // `resampling` is not kNone.
  static VaeUpsampler Load(const WeightScope& scope, int64_t channels, VaeResampling resampling,
                           const VaeConfig& config);

  // Puts `doubling` in place of the convolution's weights, where pixels are doubled.
  void Fold();

  // [B, C, T, H, W] → [B, C, T', H or 2H, W or 2W]; T' is T, 2T or 2T - 1, as the resampling and the border say.
  at::Tensor Forward(const at::Tensor& x, TemporalPass& pass) const;

 private:
  std::array<int64_t, 5> InputSizes(const at::Tensor& x) const;
  at::Tensor InputRows(const at::Tensor& x, int64_t begin, int64_t count) const;
  at::Tensor ForwardBySlabs(const at::Tensor& x, TemporalPass& pass) const;
  void DoubleBySlabs(const at::Tensor& x, TemporalPass& pass, TakeRows take) const;
  at::Tensor Finish(const kernels::Features& features, TemporalBorder border) const;
  at::Tensor DoubleTime(const kernels::Features& features, TemporalBorder border) const;
};

}  // namespace ruyi
