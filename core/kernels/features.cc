#include "core/kernels/features.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/add.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/batch_norm_update_stats.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

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

// Returns the rows of one slice of [B, C, T, rows, W]: of a clip, or of a frame.
at::Tensor SliceOf(const at::Tensor& x, int64_t slice, const GroupNormParameters& norm) {
  if (!norm.is_of_frames)
    return x.narrow(0, slice, 1);
  return x.narrow(0, slice / x.size(2), 1).narrow(2, slice % x.size(2), 1);
}

int64_t SlicesOf(const at::Tensor& x, const GroupNormParameters& norm) {
  return norm.is_of_frames ? x.size(0) * x.size(2) : x.size(0);
}

// Returns mean and variance of each channel of each frame, float64 [2, C, T]. Frame by frame, for sums of more numbers
// would be less exact.
at::Tensor MomentsOf(const at::Tensor& clip) {
  const at::TensorOptions options = clip.options().dtype(at::kFloat);
  const at::Tensor unused_mean = at::zeros({clip.size(1)}, options);
  const at::Tensor unused_variance = at::ones({clip.size(1)}, options);
  std::vector<at::Tensor> means, variances;
  for (int64_t t = 0; t < clip.size(2); ++t) {
    const auto [mean, variance] =
        at::batch_norm_update_stats(clip.narrow(2, t, 1), unused_mean, unused_variance, /*momentum=*/0);
    means.push_back(mean);
    variances.push_back(variance);
  }
  return at::stack({at::stack(means, 1), at::stack(variances, 1)}).to(at::kDouble);
}

// Returns the scales of one slice, float32 [2, C].
at::Tensor ScalesOf(const at::Tensor& slice, const at::Tensor& offset, const GroupNormParameters& norm) {
  const auto grouped = [&](const at::Tensor& channels) { return channels.to(at::kDouble).view({norm.groups, -1, 1}); };
  const at::Tensor moments = MomentsOf(slice).unflatten(1, {norm.groups, -1});  // [2, groups, C / groups, T]
  const at::Tensor added = offset.defined() ? grouped(offset) : at::zeros({1, 1, 1}, moments.options());
  const at::Tensor means = moments[0] + added;
  const at::Tensor mean = means.mean({1, 2}, /*keepdim=*/true);
  const at::Tensor variance = (moments[1] + (means - mean).square()).mean({1, 2}, /*keepdim=*/true);
  const at::Tensor scale = grouped(norm.weight) * (variance + norm.eps).rsqrt();
  const at::Tensor shift = (added - mean) * scale + grouped(norm.bias);
  return at::stack({scale.flatten(), shift.flatten()}).to(at::kFloat);
}

// Returns rows * scale + shift as new rows; `scales` are those of the one slice that they are of.
at::Tensor Scaled(const at::Tensor& rows, const at::Tensor& scales) {
  const at::Tensor mean = at::zeros_like(scales[0]);
  const at::Tensor variance = at::ones_like(scales[0]);
  return at::batch_norm(rows.contiguous(at::MemoryFormat::ChannelsLast3d), scales[0], scales[1], mean, variance,
                        /*training=*/false, /*momentum=*/0, /*eps=*/0, /*cudnn_enabled=*/false);
}

// Returns x with its bias, in memory of its own if there is one.
at::Tensor WithBias(const Features& features) {
  const at::Tensor& bias = features.missing_bias;
  return bias.defined() ? features.x + bias.view({1, -1, 1, 1, 1}) : features.x;
}

// Returns features without numbers, as `like` but with other lengths of time, height and width.
at::Tensor EmptyFeatures(const at::Tensor& like, int64_t frames, int64_t height, int64_t width) {
  return at::empty({like.size(0), like.size(1), frames, height, width}, like.options(),
                   at::MemoryFormat::ChannelsLast3d);
}

}  // namespace

namespace aten {

at::Tensor GroupNorm(const Features& features, const GroupNormParameters& norm) {
  const at::Tensor scales = aten::GroupNormScales(features, norm);
  if (scales.size(0) == 1) {
    at::Tensor normed = Scaled(features.x, scales[0]);
    return norm.activates ? at::silu_(normed) : normed;
  }
  const at::Tensor out = at::empty_like(features.x, at::MemoryFormat::ChannelsLast3d);
  aten::NormalizeRows(features.x, scales, norm, out);
  return out;
}

at::Tensor GroupNormScales(const Features& features, const GroupNormParameters& norm) {
  std::vector<at::Tensor> scales;
  for (int64_t slice = 0; slice < SlicesOf(features.x, norm); ++slice)
    scales.push_back(ScalesOf(SliceOf(features.x, slice, norm), features.missing_bias, norm));
  return at::stack(scales);
}

void NormalizeRows(const at::Tensor& rows, const at::Tensor& scales, const GroupNormParameters& norm,
                   const at::Tensor& out) {
  for (int64_t slice = 0; slice < scales.size(0); ++slice) {
    const at::Tensor normed = Scaled(SliceOf(rows, slice, norm), scales[slice]);
    at::Tensor to = SliceOf(out, slice, norm);
    if (norm.activates)
      at::silu_out(to, normed);
    else
      to.copy_(normed);
  }
}

at::Tensor Sum(const Features& features, const Features& other) {
  return Whole(features).add_(WithBias(other));
}

void SumRows(const Features& rows, const Features& other, const at::Tensor& out) {
  at::Tensor to = out;
  if (other.x.defined())
    at::add_out(to, WithBias(rows), WithBias(other));
  else
    to.copy_(WithBias(rows));
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

// Returns true when a row of so many channels of `x` is what the kernels' threads share.
bool FitsThreads(const at::Tensor& x) {
  const int64_t vectors = VectorsOf(x, x.size(1));
  return vectors <= cuda::kChannelThreads && cuda::kChannelThreads % vectors == 0 &&
         x.size(0) * x.size(2) <= cuda::kMostBatches;
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

// Returns true when the kernels take `rows`: on a GPU, channels last in memory, all rows of a frame together.
bool TakesRows(const at::Tensor& rows) {
  if (rows.dim() != 5 || rows.numel() == 0)
    return false;
  const at::Tensor frame = rows.select(0, 0).select(1, 0).permute({1, 2, 0});  // [rows, W, C]
  const int64_t channels = rows.size(1);
  const auto is_whole_rows = [&](int64_t dim) { return rows.size(dim) == 1 || rows.stride(dim) % channels == 0; };
  return FitsKernels({&frame}, channels) && FitsThreads(rows) && is_whole_rows(0) && is_whole_rows(2);
}

// Returns true when the kernels take `rows` beside `x`, which they take; an undefined tensor they always do.
bool TakesRowsLike(const at::Tensor& rows, const at::Tensor& x) {
  return !rows.defined() || (rows.sizes() == x.sizes() && rows.scalar_type() == x.scalar_type() &&
                             rows.device() == x.device() && TakesRows(rows));
}

cuda::FrameRows ShapeOf(const at::Tensor& rows) {
  return {.clips = static_cast<uint32_t>(rows.size(0)),
          .frames = static_cast<uint32_t>(rows.size(2)),
          .rows = static_cast<uint32_t>(rows.size(3) * rows.size(4))};
}

cuda::FramePitch PitchOf(const at::Tensor& rows) {
  if (!rows.defined())
    return {};
  return {.clip = rows.stride(0) / rows.size(1), .frame = rows.stride(2) / rows.size(1)};
}

}  // namespace

bool TakesFeatures(const at::Tensor& x) {
  if (x.dim() != 5 || !x.is_contiguous(at::MemoryFormat::ChannelsLast3d))
    return false;
  const at::Tensor last = x.permute({0, 2, 3, 4, 1});
  return FitsKernels({&last}, x.size(1)) && FitsThreads(x);
}

at::Tensor Whole(const Features& features) {
  at::Tensor x = features.x;
  return features.missing_bias.defined() ? x.add_(features.missing_bias.view({1, -1, 1, 1, 1})) : x;
}

at::Tensor GroupNorm(const Features& features, const GroupNormParameters& norm) {
  if (!TakesFeatures(features.x))
    return aten::GroupNorm(features, norm);
  const at::Tensor out = at::empty_like(features.x);
  NormalizeRows(features.x, GroupNormScales(features, norm), norm, out);
  return out;
}

at::Tensor GroupNormScales(const Features& features, const GroupNormParameters& norm) {
  const at::Tensor& x = features.x;
  if (!FitsChannels(features, {&norm.weight, &norm.bias}) || x.size(1) / norm.groups > cuda::kMostGroupWidth)
    return aten::GroupNormScales(features, norm);
  const int64_t slices = SlicesOf(x, norm);
  const int64_t channels = x.size(1);
  const auto rows = static_cast<uint32_t>(x.numel() / channels / slices);
  const int64_t blocks = cuda::SumBlocksOf(rows, static_cast<int>(VectorsOf(x, channels)));
  const at::Tensor sums = at::empty({slices, blocks, 2, channels}, x.options().dtype(at::kFloat));
  const at::Tensor scales = at::empty({slices, 2, channels}, x.options().dtype(at::kFloat));
  Launch(x, cuda::GroupScales{.element = ElementOf(x),
                              .x = Input(x),
                              .slices = static_cast<uint32_t>(slices),
                              .rows = rows,
                              .channels = static_cast<int>(channels),
                              .offset = Input(features.missing_bias),
                              .groups = static_cast<int>(norm.groups),
                              .weight = Input(norm.weight),
                              .bias = Input(norm.bias),
                              .eps = static_cast<float>(norm.eps),
                              .sums = sums.mutable_data_ptr<float>(),
                              .scales = scales.mutable_data_ptr<float>()});
  return scales;
}

void NormalizeRows(const at::Tensor& rows, const at::Tensor& scales, const GroupNormParameters& norm,
                   const at::Tensor& out) {
  if (!TakesRows(rows) || !TakesRowsLike(out, rows))
    return aten::NormalizeRows(rows, scales, norm, out);
  Launch(rows, cuda::ScaledRows{.element = ElementOf(rows),
                                .shape = ShapeOf(rows),
                                .x = Input(rows),
                                .x_pitch = PitchOf(rows),
                                .out = Output(out),
                                .out_pitch = PitchOf(out),
                                .channels = static_cast<int>(rows.size(1)),
                                .scales = scales.const_data_ptr<float>(),
                                .is_of_frames = norm.is_of_frames,
                                .activates = norm.activates});
}

at::Tensor Sum(const Features& features, const Features& other) {
  if (!TakesFeatures(features.x))
    return aten::Sum(features, other);
  SumRows(features, other, features.x);
  return features.x;
}

void SumRows(const Features& rows, const Features& other, const at::Tensor& out) {
  const at::Tensor& x = rows.x;
  const auto fits = [&](const at::Tensor& bias) { return !bias.defined() || IsLike(bias, x); };
  if (!TakesRows(x) || !TakesRowsLike(other.x, x) || !TakesRowsLike(out, x) || !fits(rows.missing_bias) ||
      !fits(other.missing_bias))
    return aten::SumRows(rows, other, out);
  Launch(x, cuda::SumRows{.element = ElementOf(x),
                          .shape = ShapeOf(x),
                          .x = Input(x),
                          .x_pitch = PitchOf(x),
                          .second = Input(other.x),
                          .second_pitch = PitchOf(other.x),
                          .out = Output(out),
                          .out_pitch = PitchOf(out),
                          .channels = static_cast<int>(x.size(1)),
                          .offset = Input(rows.missing_bias),
                          .second_offset = Input(other.missing_bias)});
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
