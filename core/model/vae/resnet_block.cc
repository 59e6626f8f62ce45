#include "core/model/vae/resnet_block.h"

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
  kernels::Features h = conv1.ForwardOpen(norm1.Forward({.x = x}, activation), pass);
  h = conv2.ForwardOpen(norm2.Forward(h, activation), pass);
  return kernels::Sum(h, shortcut ? shortcut->Forward(x) : x);
}

}  // namespace ruyi
