// Convolves pixels that each stand for 2 × 2 without making them: of nine pixels that a kernel of 3 × 3 sees, at most
// four differ, so that each of the four pixels that one becomes is a kernel of 2 × 2 over what is there: four ninths of
// the work. Before and after it: upsampler.h. Immutable after folding; thread-safe. The sums of weights are rounded to
// their type, so the numbers are those of the convolution but for the rounding.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

#include "core/kernels/features.h"
#include "core/model/vae/causal_conv3d.h"

namespace ruyi {

struct DoublingConv3d {
  // The kernels of the pixels above left, above right, below left and below right, [out, in, 3, 2, 2] each.
  std::array<at::Tensor, 4> weights;
  at::Tensor bias;

  // `conv` pads space and has strides of 1.
  static DoublingConv3d Fold(const CausalConv3d& conv);

  // x is what is to be doubled, with the frames of the past that the border asks for and, where `has_rows` says so,
  // with one more row above and below: [B, in, past + T, H, W] → [B, out, T, 2H, 2W]. The bias is left to what comes
  // next.
  kernels::Features Forward(const at::Tensor& x, TemporalBorder border, bool has_rows) const;

  // Returns the bytes of the weights.
  int64_t bytes() const;
};

}  // namespace ruyi
