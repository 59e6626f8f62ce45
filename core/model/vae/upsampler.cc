#include "core/model/vae/upsampler.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/upsample_nearest3d.h>
#include <ATen/ops/upsample_trilinear3d.h>

#include <array>

namespace ruyi {
namespace {

at::Tensor RepeatPixels(const at::Tensor& x) {
  return at::upsample_nearest3d(x, at::IntArrayRef{x.size(2), 2 * x.size(3), 2 * x.size(4)});
}

at::Tensor RepeatFrames(const at::Tensor& x) {
  return at::upsample_nearest3d(x, at::IntArrayRef{2 * x.size(2), x.size(3), x.size(4)});
}

at::Tensor BlendFrames(const at::Tensor& x) {
  return at::upsample_trilinear3d(x, {2 * x.size(2), x.size(3), x.size(4)}, /*align_corners=*/false);
}

// The first frame of a clip stands for one frame, all others for two.
template <typename Double>
at::Tensor KeepFirst(const at::Tensor& x, Double double_frames) {
  if (x.size(2) == 1)
    return x;
  return at::cat({x.narrow(2, 0, 1), double_frames(x.narrow(2, 1, x.size(2) - 1))}, 2);
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
    return conv.Forward(KeepFirst(x, BlendFrames), pass);
  const at::Tensor y = conv.Forward(RepeatPixels(x), pass);
  return resampling == VaeResampling::kSpatial ? y : DoubleTime(y, pass.border);
}

at::Tensor VaeUpsampler::DoubleTime(const at::Tensor& x, TemporalBorder border) const {
  const auto double_frames = repeats_frames ? RepeatFrames : BlendFrames;
  if (border == TemporalBorder::kOneFrame)
    return x;
  return border == TemporalBorder::kReplicate ? KeepFirst(x, double_frames) : double_frames(x);
}

}  // namespace ruyi
