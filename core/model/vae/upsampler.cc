#include "core/model/vae/upsampler.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/stack.h>

#include <vector>

namespace ruyi {
namespace {

// A copy that keeps the channels last in memory, which libtorch's own kernels for it are slow at.
at::Tensor RepeatPixels(const at::Tensor& x) {
  return x.permute({0, 2, 3, 4, 1})
      .unsqueeze(3)
      .unsqueeze(5)
      .expand({-1, -1, -1, 2, -1, 2, -1})
      .reshape({x.size(0), x.size(2), 2 * x.size(3), 2 * x.size(4), x.size(1)})
      .permute({0, 4, 1, 2, 3});
}

at::Tensor RepeatFrames(const at::Tensor& x) {
  return x.permute({0, 2, 3, 4, 1})
      .unsqueeze(2)
      .expand({-1, -1, 2, -1, -1, -1})
      .reshape({x.size(0), 2 * x.size(2), x.size(3), x.size(4), x.size(1)})
      .permute({0, 4, 1, 2, 3});
}

// Returns `x` moved by `steps` frames, -1 or 1; its first or last frame stands for the one that is not there.
at::Tensor Neighbours(const at::Tensor& x, int64_t steps) {
  const int64_t rest = x.size(2) - 1;
  return steps < 0 ? at::cat({x.narrow(2, 0, 1), x.narrow(2, 0, rest)}, 2)
                   : at::cat({x.narrow(2, 1, rest), x.narrow(2, rest, 1)}, 2);
}

// Interpolates linearly in time: each frame becomes two, a quarter of the way to the frame before it and to the one
// after it.
at::Tensor BlendFrames(const at::Tensor& x) {
  const at::Tensor before = at::lerp(x, Neighbours(x, -1), 0.25);
  const at::Tensor after = at::lerp(x, Neighbours(x, 1), 0.25);
  const std::vector<at::Tensor> both = {before.permute({0, 2, 3, 4, 1}), after.permute({0, 2, 3, 4, 1})};
  return at::stack(both, 2).flatten(1, 2).permute({0, 4, 1, 2, 3});
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
