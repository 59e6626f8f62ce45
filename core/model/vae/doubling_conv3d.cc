#include "core/model/vae/doubling_conv3d.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/conv_transpose3d.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/stack.h>

#include <array>
#include <optional>

namespace ruyi {
namespace {

constexpr int64_t kTime = 2;  // dimensions of weights [out, in, 3, H, W]
constexpr int64_t kHeight = 3;
constexpr int64_t kWidth = 4;

// Of a row of three weights w, the first pixel of a pair multiplies what is before it by w[0] and what the pair stands
// for by w[1] + w[2], the second one the latter by w[0] + w[1] and what is behind it by w[2]. Seen from what the pair
// stands for, it goes into the second pixel before it, its own two and the first one behind it.
at::Tensor FoldedAlong(const at::Tensor& weight, int64_t dimension) {
  const at::Tensor before = weight.select(dimension, 0);
  const at::Tensor middle = weight.select(dimension, 1);
  const at::Tensor behind = weight.select(dimension, 2);
  return at::stack({behind, middle + behind, before + middle, before}, dimension);
}

}  // namespace

DoublingConv3d DoublingConv3d::Fold(const CausalConv3d& conv) {
  const at::Tensor folded = FoldedAlong(FoldedAlong(conv.weight.to(at::kFloat), kHeight), kWidth);
  return {.weight = at::flip(folded, {kTime})
                        .transpose(0, 1)
                        .to(conv.weight.scalar_type())
                        .contiguous(at::MemoryFormat::ChannelsLast3d),
          .bias = conv.bias};
}

// The padding of a transposed convolution is what it leaves out at either end: of the frames those to which some of the
// past is missing, of the rows the one beyond the picture or, where there are more rows than are doubled, three.
kernels::Features DoublingConv3d::Forward(const at::Tensor& x, TemporalBorder border, bool has_rows) const {
  const std::array<int64_t, 3> stride = {1, 2, 2};
  const std::array<int64_t, 3> padding = {PastFramesOf(border) == 0 ? 1 : 2, has_rows ? 3 : 1, 1};
  return {.x = at::conv_transpose3d(x, weight, std::nullopt, stride, padding), .missing_bias = bias};
}

}  // namespace ruyi
