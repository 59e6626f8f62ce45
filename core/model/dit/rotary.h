// Rotary position embedding: turns pairs of query and key features by an angle that grows with the token's place in the
// frame. Before it: the size of the video. After it: the attentions. Functions without state; thread-safe.
// Source: Su et al. 2021 (RoFormer), in two dimensions as HunyuanDiT has it (diffusers v0.31.0).
#pragma once

#include <ATen/core/Tensor.h>

namespace ruyi {

// Tokens of one frame.
struct TokenGrid {
  int64_t height = 0;
  int64_t width = 0;
};

// e^(i angle) per token of one frame and feature pair: complex64 [height * width, head_dim / 2] on the CPU. Places are
// scaled so that the longer side spans `base` and the shorter one lies in its middle; the first half of the pairs turn
// with the column, the second with the row. `head_dim` is a multiple of 4.
at::Tensor RotaryTable(const TokenGrid& grid, int64_t head_dim, int64_t base);

// Turns x [B, tokens, heads, head_dim] by `table` [tokens, head_dim / 2], in float32; the type of x is kept.
at::Tensor Rotate(const at::Tensor& x, const at::Tensor& table);

}  // namespace ruyi
