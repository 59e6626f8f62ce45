// Convolves pixels that each stand for 2 × 2 without making them: of nine pixels that a kernel of 3 × 3 sees, at most
// four differ, so that it is a transposed convolution of 4 × 4 with strides of 2: four ninths of the work. Before and
// after it: upsampler.h. Immutable after folding; thread-safe. The sums of weights are rounded to their type, so the
// numbers are those of the convolution but for the rounding.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/kernels/features.h"
#include "core/model/vae/causal_conv3d.h"

namespace ruyi {

struct DoublingConv3d {
  at::Tensor weight;  // [in, out, 3, 4, 4], its frames in the order of a transposed convolution
  at::Tensor bias;    // [out]

  // `conv` pads space and has strides of 1.
  static DoublingConv3d Fold(const CausalConv3d& conv);

  // x is what is to be doubled, with the frames of the past that the border asks for and, where `has_rows` says so,
  // with one more row above and below: [B, in, past + T, H, W] → [B, out, T, 2H, 2W]. The bias is left to what comes
  // next.
  kernels::Features Forward(const at::Tensor& x, TemporalBorder border, bool has_rows) const;
};

}  // namespace ruyi
