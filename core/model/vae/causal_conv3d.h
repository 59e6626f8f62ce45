// The convolutions of the video autoencoder. Before and after them: every block. Immutable after loading; thread-safe
// (what a pass carries lies in its TemporalPass). Features are channels_last_3d: no layer reorders them.
// Source: CausalConv3d of Ruyi-Models (MagViT-v2's causal convolution, with zero borders in its slice mode).
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <optional>

#include "core/kernels/features.h"
#include "core/model/vae/temporal_pass.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Puts before x [B, C, T, H, W] the frames of the past that the pass's border asks for, in a copy if there are any, and
// keeps in the pass what the next chunk needs.
at::Tensor WithPast(const at::Tensor& x, TemporalPass& pass);

// A convolution of 3 × 3 × 3. Weight names: weight [out, in, 3, 3, 3], bias [out].
struct CausalConv3d {
  std::array<int64_t, 3> stride = {1, 1, 1};  // of time, height, width
  bool pads_space = true;                     // one zero on each side of height and width
  at::Tensor weight;
  at::Tensor bias;

  static CausalConv3d Load(const WeightScope& scope, int64_t in, int64_t out);

  // [B, in, T, H, W] → [B, out, ceil(T / stride), H', W']. The border decides what lies before and after the chunk.
  at::Tensor Forward(const at::Tensor& x, TemporalPass& pass) const;

  // Does the same, and leaves the bias to the kernel that comes next where that adds it on its way.
  kernels::Features ForwardOpen(const at::Tensor& x, TemporalPass& pass) const;

  // Does the same for some rows of a chunk, given with one more row above and below and with the frames of the past
  // that the border asks for: [B, in, past + T, n + 2, W] → [B, out, T, n, W]. The strides must be 1.
  kernels::Features ForwardSlab(const at::Tensor& slab, TemporalBorder border) const;

 private:
  using Padding = std::array<int64_t, 3>;  // zeros on each side of time, height, width

  Padding PaddingIn(TemporalBorder border) const;
  at::Tensor Convolve(const at::Tensor& x, const Padding& padding, const std::optional<at::Tensor>& with_bias) const;
  kernels::Features ConvolveOpen(const at::Tensor& x, const Padding& padding) const;
};

// A convolution of 1 × 1 × 1. Weight names: weight [out, in, 1, 1, 1], bias [out].
struct PointwiseConv3d {
  at::Tensor weight;
  at::Tensor bias;

  static PointwiseConv3d Load(const WeightScope& scope, int64_t in, int64_t out);

  // [B, in, T, H, W] → [B, out, T, H, W]
  at::Tensor Forward(const at::Tensor& x) const;

  // Does the same, and leaves the bias to the kernel that comes next where that adds it on its way.
  kernels::Features ForwardOpen(const at::Tensor& x) const;
};

}  // namespace ruyi
