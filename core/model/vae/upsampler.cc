#include "core/model/vae/upsampler.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/cat.h>

namespace ruyi {
namespace {

at::Tensor RepeatFrames(const kernels::Features& features) {
  const at::Tensor x = kernels::Whole(features);
  return x.permute({0, 2, 3, 4, 1})
      .unsqueeze(2)
      .expand({-1, -1, 2, -1, -1, -1})
      .reshape({x.size(0), 2 * x.size(2), x.size(3), x.size(4), x.size(1)})
      .permute({0, 4, 1, 2, 3});
}

// The first frame of a clip stands for one frame, all others for two.
template <typename Double>
at::Tensor KeepFirst(const at::Tensor& x, Double double_frames) {
  if (x.size(2) == 1)
    return x;
  return at::cat({x.narrow(2, 0, 1), double_frames({.x = x.narrow(2, 1, x.size(2) - 1)})}, 2);
}

}  // namespace

VaeUpsampler VaeUpsampler::Load(const WeightScope& scope, int64_t channels, VaeResampling resampling,
                                const VaeConfig& config) {
  return {.resampling = resampling,
          .repeats_frames = config.spatial_norm,
          .conv = CausalConv3d::Load(scope.Sub("conv"), channels, channels)};
}

at::Tensor VaeUpsampler::Forward(const at::Tensor& x, TemporalPass& pass) const {
  if (resampling == VaeResampling::kTemporal)
    return conv.Forward(KeepFirst(x, kernels::BlendFrames), pass);
  const at::Tensor pixels = kernels::RepeatPixels(x);
  if (resampling == VaeResampling::kSpatial)
    return conv.Forward(pixels, pass);
  return DoubleTime(conv.ForwardOpen(pixels, pass), pass.border);
}

at::Tensor VaeUpsampler::DoubleTime(const kernels::Features& features, TemporalBorder border) const {
  const auto double_frames = repeats_frames ? RepeatFrames : kernels::BlendFrames;
  if (border == TemporalBorder::kOneFrame)
    return kernels::Whole(features);
  return border == TemporalBorder::kReplicate ? KeepFirst(kernels::Whole(features), double_frames)
                                              : double_frames(features);
}

}  // namespace ruyi
