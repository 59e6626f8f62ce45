// Passes features through a convolution slab by slab, so that its input, often a normalised copy of what is kept, is
// never there as a whole. A slab is some rows of height of all frames with the rows above and below it that the kernel
// sees, so the numbers are those of the whole, and there are no seams. Before it: the resnet blocks, upsamplers and
// last convolutions, where TemporalPass::slab_bytes asks for it. After it: causal_conv3d.h. Functions without state;
// thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "core/kernels/features.h"
#include "core/model/vae/causal_conv3d.h"
#include "core/model/vae/group_norm.h"
#include "core/model/vae/temporal_pass.h"

namespace ruyi {

// Writes the rows of a convolution's input from row `begin` on into `rows` [B, in, T, n, W].
using FillRows = absl::FunctionRef<void(int64_t begin, const at::Tensor& rows)>;

// Takes the rows of a convolution's output from row `begin` on, [B, out, T, n, W].
using TakeRows = absl::FunctionRef<void(int64_t begin, const kernels::Features& rows)>;

// Returns true when an input of that many bytes goes by slabs.
bool GoesBySlabs(int64_t bytes, const TemporalPass& pass);

// Returns the sizes of x [B, C, T, H, W].
std::array<int64_t, 5> SizesOf(const at::Tensor& x);

// Returns features without numbers, with the options of `like`, channels last.
at::Tensor EmptyFeatures(const std::array<int64_t, 5>& sizes, const at::Tensor& like);

// Returns the rows [begin, begin + count) of x [B, C, T, H, W], in its memory.
at::Tensor RowsOf(const at::Tensor& x, int64_t begin, int64_t count);

// Copies `rows` to x, from row `begin` on.
void PutRows(const at::Tensor& rows, int64_t begin, const at::Tensor& x);

struct SlabInput {
  std::array<int64_t, 5> sizes;  // [B, in, T, H, W]
  at::Tensor like;               // of the same type and device
  FillRows fill;
  int64_t share = 1;  // a slab takes at most this part of what the pass allows, because more is made of it
};

// Takes a slab of a convolution's input that begins with the row before row `begin`, with its past before it and with
// one more row above and below: [B, in, past + T, n + 2, W]. Rows beyond the picture are zeros.
using TakeSlab = absl::FunctionRef<void(int64_t begin, const at::Tensor& slab)>;

// Makes the input from top to bottom. Each row is asked for once, and none beyond those of a slab before it is taken.
void ForEachSlab(const SlabInput& input, TemporalPass& pass, TakeSlab take);

// Convolves the input from top to bottom. Output may take the place of what the input is made of. `conv` must pad space
// and have strides of 1.
void ConvolveBySlabs(const CausalConv3d& conv, const SlabInput& input, TemporalPass& pass, TakeRows take);

// Refers to a norm with its activation and to the convolution after it.
struct NormedConvolution {
  const VaeGroupNorm& norm;
  VaeActivation activation;
  const CausalConv3d& conv;

  // [B, in, T, H, W] → [B, out, T, H, W]; by slabs where the pass asks for it.
  at::Tensor Forward(const at::Tensor& x, TemporalPass& pass) const;

  // The statistics are those of all rows. `take` may write to the rows of `features` that it is given the output for.
  void ForwardBySlabs(const kernels::Features& features, TemporalPass& pass, TakeRows take) const;
};

}  // namespace ruyi
