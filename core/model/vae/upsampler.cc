#include "core/model/vae/upsampler.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/cat.h>
#include <c10/util/accumulate.h>

namespace ruyi {
namespace {

// Makes 2 × 2 pixels of each. A copy that keeps the channels last in memory, which libtorch's own operators for it are
// slow at.
at::Tensor RepeatPixels(const at::Tensor& x) {
  return x.permute({0, 2, 3, 4, 1})
      .unsqueeze(3)
      .unsqueeze(5)
      .expand({-1, -1, -1, 2, -1, 2, -1})
      .reshape({x.size(0), x.size(2), 2 * x.size(3), 2 * x.size(4), x.size(1)})
      .permute({0, 4, 1, 2, 3});
}

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
  VaeUpsampler upsampler = {.resampling = resampling,
                            .repeats_frames = config.spatial_norm,
                            .conv = CausalConv3d::Load(scope.Sub("conv"), channels, channels),
                            .doubling = std::nullopt};
  if (upsampler.conv.weight.is_cuda())
    upsampler.Fold();
  return upsampler;
}

void VaeUpsampler::Fold() {
  if (resampling == VaeResampling::kTemporal)
    return;
  doubling = DoublingConv3d::Fold(conv);
  extra_bytes = static_cast<int64_t>(doubling->weight.nbytes()) - static_cast<int64_t>(conv.weight.nbytes());
  conv.weight.reset();
}

at::Tensor VaeUpsampler::Forward(const at::Tensor& x, TemporalPass& pass) const {
  const std::array<int64_t, 5> sizes = InputSizes(x);
  if (GoesBySlabs(c10::multiply_integers(sizes) * static_cast<int64_t>(x.element_size()), pass))
    return ForwardBySlabs(x, pass);
  if (doubling.has_value())
    return Finish(doubling->Forward(WithPast(x, pass), pass.border, /*has_rows=*/false), pass.border);
  return Finish(conv.ForwardOpen(InputRows(x, 0, sizes[3]), pass), pass.border);
}

at::Tensor VaeUpsampler::ForwardBySlabs(const at::Tensor& x, TemporalPass& pass) const {
  const std::array<int64_t, 5> sizes = InputSizes(x);
  at::Tensor out;
  const auto keep = [&](int64_t begin, const kernels::Features& features) {
    const at::Tensor rows = Finish(features, pass.border);
    if (!out.defined())
      out = EmptyFeatures({sizes[0], rows.size(1), rows.size(2), sizes[3], sizes[4]}, x);
    PutRows(rows, begin, out);
  };
  if (doubling.has_value()) {
    DoubleBySlabs(x, pass, keep);
    return out;
  }
  const auto fill = [&](int64_t begin, const at::Tensor& rows) { PutRows(InputRows(x, begin, rows.size(3)), 0, rows); };
  ConvolveBySlabs(conv, {.sizes = sizes, .like = x, .fill = fill}, pass, keep);
  return out;
}

void VaeUpsampler::DoubleBySlabs(const at::Tensor& x, TemporalPass& pass, TakeRows take) const {
  constexpr int64_t kPixels = 4;
  const auto fill = [&](int64_t begin, const at::Tensor& rows) { PutRows(RowsOf(x, begin, rows.size(3)), 0, rows); };
  const auto convolve = [&](int64_t begin, const at::Tensor& slab) {
    take(2 * begin, doubling->Forward(slab, pass.border, /*has_rows=*/true));
  };
  ForEachSlab({.sizes = SizesOf(x), .like = x, .fill = fill, .share = kPixels}, pass, convolve);
}

std::array<int64_t, 5> VaeUpsampler::InputSizes(const at::Tensor& x) const {
  if (resampling == VaeResampling::kTemporal)
    return {x.size(0), x.size(1), 2 * x.size(2) - 1, x.size(3), x.size(4)};
  return {x.size(0), x.size(1), x.size(2), 2 * x.size(3), 2 * x.size(4)};
}

// Returns some rows of what is convolved.
at::Tensor VaeUpsampler::InputRows(const at::Tensor& x, int64_t begin, int64_t count) const {
  const auto some = [&](int64_t first, int64_t end) {
    return RowsOf(x, first, end - first).contiguous(at::MemoryFormat::ChannelsLast3d);
  };
  if (resampling == VaeResampling::kTemporal)
    return KeepFirst(some(begin, begin + count), kernels::BlendFrames);
  const int64_t first = begin / 2;
  return RowsOf(RepeatPixels(some(first, (begin + count + 1) / 2)), begin - 2 * first, count);
}

// Makes of the convolved features what the upsampler gives.
at::Tensor VaeUpsampler::Finish(const kernels::Features& features, TemporalBorder border) const {
  return resampling == VaeResampling::kSpatialTemporal ? DoubleTime(features, border) : kernels::Whole(features);
}

at::Tensor VaeUpsampler::DoubleTime(const kernels::Features& features, TemporalBorder border) const {
  const auto double_frames = repeats_frames ? RepeatFrames : kernels::BlendFrames;
  if (border == TemporalBorder::kOneFrame)
    return kernels::Whole(features);
  return border == TemporalBorder::kReplicate ? KeepFirst(kernels::Whole(features), double_frames)
                                              : double_frames(features);
}

}  // namespace ruyi
