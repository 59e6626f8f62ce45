// Says how one pass of a chunk through the layers treats the borders of time and how much of a layer's input is there
// at once, and holds what its convolutions carry from chunk to chunk. Before it: vae.cc. After it: every layer's
// Forward. A TemporalPass belongs to one pass on one thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ruyi {

// The last two input frames of each causal convolution, [B, C, 2, H, W], in the order in which the pass meets them.
using VaeCarry = std::vector<at::Tensor>;

enum class TemporalBorder {
  kReplicate,   // two copies of the first frame before it; upsamplers leave the first frame single
  kOneFrame,    // a zero frame before and after; upsamplers leave time alone
  kZeros,       // a zero frame before and after; upsamplers double all frames
  kCarryStart,  // first chunk of a carried clip: as kReplicate to convolve, as kZeros to upsample
  kCarry,       // the two frames carried from the chunk before; upsamplers double all frames
};

// Returns how many frames before the chunk are put before it to convolve; where there are none, a zero frame is padded
// on either side.
constexpr int64_t PastFramesOf(TemporalBorder border) {
  return border == TemporalBorder::kZeros || border == TemporalBorder::kOneFrame ? 0 : 2;
}

struct TemporalPass {
  TemporalBorder border = TemporalBorder::kZeros;
  VaeCarry* carry = nullptr;  // read and replaced by kCarryStart and kCarry; not owned
  size_t next_convolution = 0;
  int64_t slab_bytes = 0;  // what a slab of slabs.h takes at most, unless a row takes more; 0: no slabs
};

}  // namespace ruyi
