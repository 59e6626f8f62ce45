// Rotary position embedding: computes the angles that pairs of query and key features are turned by. They grow with the
// token's place in the frame. Before it: the size of the video. After it: kernels::Rotate. A function without state;
// thread-safe. Source: Su et al. 2021 (RoFormer), in two dimensions as HunyuanDiT has it (diffusers v0.31.0).
#pragma once

#include <ATen/core/Tensor.h>

namespace ruyi {

// The tokens of one frame.
struct TokenGrid {
  int64_t height = 0;
  int64_t width = 0;
};

// Returns e^(i angle) for each token of one frame and each feature pair: complex64 [height * width, head_dim / 2] on
// the CPU. Places are scaled so that the longer side spans `base` and the shorter one lies in its middle; the first
// half of the pairs turn with the column, the second with the row. `head_dim` is a multiple of 4.
at::Tensor RotaryTable(const TokenGrid& grid, int64_t head_dim, int64_t base);

}  // namespace ruyi
