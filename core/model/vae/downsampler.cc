#include "core/model/vae/downsampler.h"

#include <ATen/ops/constant_pad_nd.h>

namespace ruyi {

VaeDownsampler VaeDownsampler::Load(const WeightScope& scope, int64_t channels, VaeResampling resampling) {
  VaeDownsampler downsampler;
  downsampler.conv = CausalConv3d::Load(scope.Sub("conv"), channels, channels);
  const int64_t time = resampling == VaeResampling::kSpatial ? 1 : 2;
  const int64_t space = resampling == VaeResampling::kTemporal ? 1 : 2;
  downsampler.conv.stride = {time, space, space};
  downsampler.conv.pads_space = space == 1;
  return downsampler;
}

at::Tensor VaeDownsampler::Forward(const at::Tensor& x, TemporalPass& pass) const {
  if (conv.pads_space)
    return conv.Forward(x, pass);
  return conv.Forward(at::constant_pad_nd(x, {0, 1, 0, 1}), pass);  // one zero column right, one row below
}

}  // namespace ruyi
