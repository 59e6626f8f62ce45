// Normalises video features by groups of channels, and activates them. Before and after it: any layer. Immutable after
// loading; thread-safe. Source: Wu and He 2018; eps 1e-6 as in Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/kernels/features.h"
#include "core/model/vae/config.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Weight names: weight [C], bias [C].
struct VaeGroupNorm {
  int64_t groups = 0;
  bool spatial = false;  // statistics of each frame instead of all frames of the chunk
  at::Tensor weight;
  at::Tensor bias;

  static VaeGroupNorm Load(const WeightScope& scope, int64_t channels, const VaeConfig& config);

  // Normalises, then activates: [B, C, T, H, W] → a new [B, C, T, H, W]
  at::Tensor Forward(const kernels::Features& features, VaeActivation activation) const;

  // Does the same in two parts: Scales looks at all features, and ForwardRows makes some rows of them (see
  // core/kernels/features.h) in `out`.
  at::Tensor Scales(const kernels::Features& features) const;
  void ForwardRows(const at::Tensor& rows, const at::Tensor& scales, VaeActivation activation,
                   const at::Tensor& out) const;

  // Normalise [B, C, T, H, W], whatever `spatial` says: by the statistics of each frame, and of the whole clip.
  at::Tensor ForwardFrames(const at::Tensor& x) const;
  at::Tensor ForwardClip(const at::Tensor& x) const;

  // Takes the statistics over the tokens of each row: [N, L, C] → [N, L, C]
  at::Tensor ForwardTokens(const at::Tensor& tokens) const;

 private:
  kernels::GroupNormParameters Parameters(bool is_of_frames, bool activates) const;
};

}  // namespace ruyi
