#include "core/model/vae/resnet_block.h"

#include <ATen/core/TensorBody.h>

#include <algorithm>
#include <utility>

#include "core/model/vae/slabs.h"

namespace ruyi {

VaeResnetBlock VaeResnetBlock::Load(const WeightScope& scope, int64_t in, int64_t out, const VaeConfig& config) {
  VaeResnetBlock block;
  block.activation = config.activation;
  block.norm1 = VaeGroupNorm::Load(scope.Sub("norm1"), in, config);
  block.conv1 = CausalConv3d::Load(scope.Sub("conv1"), in, out);
  block.norm2 = VaeGroupNorm::Load(scope.Sub("norm2"), out, config);
  block.conv2 = CausalConv3d::Load(scope.Sub("conv2"), out, out);
  if (in != out)
    block.shortcut = PointwiseConv3d::Load(scope.Sub("shortcut"), in, out);
  return block;
}

at::Tensor VaeResnetBlock::Forward(const at::Tensor& x, TemporalPass& pass) const {
  const int64_t width = std::max(x.size(1), conv1.weight.size(0));
  if (GoesBySlabs(static_cast<int64_t>(x.nbytes()) / x.size(1) * width, pass))
    return ForwardBySlabs(x, pass);
  kernels::Features h = conv1.ForwardOpen(norm1.Forward({.x = x, .missing_bias = {}}, activation), pass);
  at::Tensor normed = norm2.Forward(std::exchange(h, {}), activation);
  h = conv2.ForwardOpen(std::exchange(normed, {}), pass);
  return kernels::Sum(h, Shortcut(x));
}

// The rows of the sum take the place of those of the features between the convolutions.
at::Tensor VaeResnetBlock::ForwardBySlabs(const at::Tensor& x, TemporalPass& pass) const {
  kernels::Features h = {.x = EmptyFeatures({x.size(0), conv1.weight.size(0), x.size(2), x.size(3), x.size(4)}, x),
                         .missing_bias = {}};
  const auto keep = [&](int64_t begin, const kernels::Features& rows) {
    PutRows(rows.x, begin, h.x);
    h.missing_bias = rows.missing_bias;
  };
  NormedConvolution{norm1, activation, conv1}.ForwardBySlabs({.x = x, .missing_bias = {}}, pass, keep);
  const auto add = [&](int64_t begin, const kernels::Features& rows) {
    const int64_t count = rows.x.size(3);
    kernels::SumRows(rows, Shortcut(RowsOf(x, begin, count)), RowsOf(h.x, begin, count));
  };
  NormedConvolution{norm2, activation, conv2}.ForwardBySlabs(h, pass, add);
  return h.x;
}

kernels::Features VaeResnetBlock::Shortcut(const at::Tensor& x) const {
  return shortcut ? shortcut->ForwardOpen(x) : kernels::Features{.x = x, .missing_bias = {}};
}

}  // namespace ruyi
