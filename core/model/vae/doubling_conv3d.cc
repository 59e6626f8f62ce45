#include "core/model/vae/doubling_conv3d.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv3d.h>

#include <optional>

namespace ruyi {
namespace {

// Adds up the weights of the three rows (or columns) that a kernel sees, by which of the two pixels there they fall on:
// for the first pixel of a pair one before it and two on it, for the second two on it and one behind it.
at::Tensor FoldedAlong(const at::Tensor& weight, int64_t dimension, int64_t pixel) {
  const int64_t of_first = pixel == 0 ? 1 : 2;
  return at::cat({weight.narrow(dimension, 0, of_first).sum(dimension, /*keepdim=*/true),
                  weight.narrow(dimension, of_first, 3 - of_first).sum(dimension, /*keepdim=*/true)},
                 dimension);
}

}  // namespace

DoublingConv3d DoublingConv3d::Fold(const CausalConv3d& conv) {
  DoublingConv3d folded = {.weights = {}, .bias = conv.bias};
  const at::Tensor weight = conv.weight.to(at::kFloat);
  for (int64_t i = 0; i < 4; ++i) {
    folded.weights[i] = FoldedAlong(FoldedAlong(weight, 3, i / 2), 4, i % 2)
                            .to(conv.weight.scalar_type())
                            .contiguous(at::MemoryFormat::ChannelsLast3d);
  }
  return folded;
}

kernels::Features DoublingConv3d::Forward(const at::Tensor& x, TemporalBorder border, bool has_rows) const {
  const std::array<int64_t, 3> stride = {1, 1, 1};
  const std::array<int64_t, 3> padding = {PastFramesOf(border) == 0 ? 1 : 0, has_rows ? 0 : 1, 1};
  std::array<at::Tensor, 4> pixels;
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = at::conv3d(x, weights[i], std::nullopt, stride, padding);
  return {.x = kernels::JoinPixels(pixels), .missing_bias = bias};
}

int64_t DoublingConv3d::bytes() const {
  int64_t bytes = 0;
  for (const at::Tensor& weight : weights)
    bytes += static_cast<int64_t>(weight.nbytes());
  return bytes;
}

}  // namespace ruyi
