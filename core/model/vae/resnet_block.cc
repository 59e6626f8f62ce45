#include "core/model/vae/resnet_block.h"

#include "core/model/vae/activation.h"

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
  at::Tensor h = conv1.Forward(Activate(activation, norm1.Forward(x)), pass);
  h = conv2.Forward(Activate(activation, norm2.Forward(h)), pass);
  return h.add_(shortcut ? shortcut->Forward(x) : x);
}

}  // namespace ruyi
