#include "core/kernels/features.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/stack.h>

#include <array>
#include <vector>

#include "core/kernels/launch.h"

namespace ruyi::kernels {
namespace {

// Returns `x` moved by `steps` frames, -1 or 1; its first or last frame stands for the one that is not there.
at::Tensor Neighbours(const at::Tensor& x, int64_t steps) {
  const int64_t rest = x.size(2) - 1;
  return steps < 0 ? at::cat({x.narrow(2, 0, 1), x.narrow(2, 0, rest)}, 2)
                   : at::cat({x.narrow(2, 1, rest), x.narrow(2, rest, 1)}, 2);
}

}  // namespace

namespace aten {

at::Tensor GroupNorm(const Features& features, const GroupNormParameters& norm) {
  at::Tensor x = Whole(features);
  const std::array<int64_t, 2> clips = {x.size(0), x.size(2)};
  if (norm.is_of_frames)
    x = x.transpose(1, 2).flatten(0, 1);  // [B*T, C, H, W]
  x = at::group_norm(x, norm.groups, norm.weight, norm.bias, norm.eps);
  if (norm.activates)
    x = at::silu_(x);
  return norm.is_of_frames ? x.unflatten(0, clips).transpose(1, 2) : x;
}

at::Tensor Sum(const Features& features, const at::Tensor& other) {
  return Whole(features).add_(other);
}

// A copy that keeps the channels last in memory, which libtorch's own kernels for it are slow at.
at::Tensor RepeatPixels(const at::Tensor& x) {
  return x.permute({0, 2, 3, 4, 1})
      .unsqueeze(3)
      .unsqueeze(5)
      .expand({-1, -1, -1, 2, -1, 2, -1})
      .reshape({x.size(0), x.size(2), 2 * x.size(3), 2 * x.size(4), x.size(1)})
      .permute({0, 4, 1, 2, 3});
}

at::Tensor BlendFrames(const Features& features) {
  const at::Tensor x = Whole(features);
  const at::Tensor before = at::lerp(x, Neighbours(x, -1), 0.25);
  const at::Tensor after = at::lerp(x, Neighbours(x, 1), 0.25);
  const std::vector<at::Tensor> both = {before.permute({0, 2, 3, 4, 1}), after.permute({0, 2, 3, 4, 1})};
  return at::stack(both, 2).flatten(1, 2).permute({0, 4, 1, 2, 3});
}

}  // namespace aten

namespace {

// Returns the sizes of features with other lengths of time, height and width.
at::Tensor EmptyFeatures(const at::Tensor& like, int64_t frames, int64_t height, int64_t width) {
  return at::empty({like.size(0), like.size(1), frames, height, width}, like.options(),
                   at::MemoryFormat::ChannelsLast3d);
}

bool FitsChannels(const Features& features, std::initializer_list<const at::Tensor*> parameters) {
  if (!TakesFeatures(features.x))
    return false;
  const auto fits = [&](const at::Tensor& parameter) { return !parameter.defined() || IsLike(parameter, features.x); };
  for (const at::Tensor* parameter : parameters) {
    if (!fits(*parameter))
      return false;
  }
  return fits(features.missing_bias);
}

}  // namespace

bool TakesFeatures(const at::Tensor& x) {
  if (x.dim() != 5 || !x.is_contiguous(at::MemoryFormat::ChannelsLast3d))
    return false;
  const at::Tensor last = x.permute({0, 2, 3, 4, 1});
  const int64_t vectors = VectorsOf(x, x.size(1));
  return FitsKernels({&last}, x.size(1)) && vectors <= cuda::kChannelThreads && cuda::kChannelThreads % vectors == 0 &&
         x.size(0) * x.size(2) <= cuda::kMostBatches;
}

at::Tensor Whole(const Features& features) {
  at::Tensor x = features.x;
  return features.missing_bias.defined() ? x.add_(features.missing_bias.view({1, -1, 1, 1, 1})) : x;
}

at::Tensor GroupNorm(const Features& features, const GroupNormParameters& norm) {
  const at::Tensor& x = features.x;
  if (!FitsChannels(features, {&norm.weight, &norm.bias}) || x.size(1) / norm.groups > cuda::kMostGroupWidth)
    return aten::GroupNorm(features, norm);
  const int64_t slices = norm.is_of_frames ? x.size(0) * x.size(2) : x.size(0);
  const int64_t channels = x.size(1);
  const auto rows = static_cast<uint32_t>(x.numel() / channels / slices);
  const int64_t blocks = cuda::SumBlocksOf(rows, static_cast<int>(VectorsOf(x, channels)));
  const at::Tensor sums = at::empty({slices, blocks, 2, channels}, x.options().dtype(at::kFloat));
  const at::Tensor scales = at::empty({slices, 2, channels}, x.options().dtype(at::kFloat));
  const at::Tensor out = at::empty_like(x);
  Launch(x, cuda::GroupNormRows{.element = ElementOf(x),
                                .x = Input(x),
                                .out = Output(out),
                                .slices = static_cast<uint32_t>(slices),
                                .rows = rows,
                                .channels = static_cast<int>(channels),
                                .offset = Input(features.missing_bias),
                                .groups = static_cast<int>(norm.groups),
                                .weight = Input(norm.weight),
                                .bias = Input(norm.bias),
                                .eps = static_cast<float>(norm.eps),
                                .activates = norm.activates,
                                .sums = sums.mutable_data_ptr<float>(),
                                .scales = scales.mutable_data_ptr<float>()});
  return out;
}

at::Tensor Sum(const Features& features, const at::Tensor& other) {
  const at::Tensor& x = features.x;
  if (!FitsChannels(features, {}) || !TakesFeatures(other) || other.sizes() != x.sizes() ||
      other.scalar_type() != x.scalar_type())
    return aten::Sum(features, other);
  Launch(x, cuda::SumRows{.element = ElementOf(x),
                          .x = Input(x),
                          .second = Input(other),
                          .out = Output(x),
                          .rows = RowsOf(x, x.size(1)),
                          .channels = static_cast<int>(x.size(1)),
                          .offset = Input(features.missing_bias)});
  return x;
}

at::Tensor RepeatPixels(const at::Tensor& x) {
  if (!TakesFeatures(x))
    return aten::RepeatPixels(x);
  const at::Tensor out = EmptyFeatures(x, x.size(2), 2 * x.size(3), 2 * x.size(4));
  Launch(x, cuda::RepeatedPixels{.x = Input(x),
                                 .out = Output(out),
                                 .rows = static_cast<uint32_t>(x.size(0) * x.size(2) * x.size(3)),
                                 .width = static_cast<uint32_t>(x.size(4)),
                                 .vectors = static_cast<int>(VectorsOf(x, x.size(1)))});
  return out;
}

at::Tensor BlendFrames(const Features& features) {
  const at::Tensor& x = features.x;
  if (!FitsChannels(features, {}))
    return aten::BlendFrames(features);
  const at::Tensor out = EmptyFeatures(x, 2 * x.size(2), x.size(3), x.size(4));
  Launch(x, cuda::BlendedFrames{.element = ElementOf(x),
                                .x = Input(x),
                                .out = Output(out),
                                .clips = static_cast<uint32_t>(x.size(0)),
                                .frames = static_cast<uint32_t>(x.size(2)),
                                .pixels = static_cast<uint32_t>(x.size(3) * x.size(4)),
                                .channels = static_cast<int>(x.size(1)),
                                .offset = Input(features.missing_bias)});
  return out;
}

}  // namespace ruyi::kernels
