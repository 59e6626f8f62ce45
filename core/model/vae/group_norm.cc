#include "core/model/vae/group_norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/batch_norm_elemt.h>
#include <ATen/ops/batch_norm_stats.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/group_norm.h>

namespace ruyi {
namespace {

constexpr double kEps = 1e-6;

// [1, C, ...] with channels last in memory, on a GPU: at::group_norm takes 4 to 8 times as long there. The statistics
// of each channel, by the kernels of batch normalisation, are joined into those of its group.
void NormalizeLastChannels(const at::Tensor& x, const VaeGroupNorm& norm, at::Tensor out) {
  const auto [mean, inverse_deviation] = at::batch_norm_stats(x, kEps);  // [C] float32
  const at::Tensor means = mean.view({norm.groups, -1});
  const at::Tensor variances = (inverse_deviation.pow(-2) - kEps).view({norm.groups, -1});
  const at::Tensor group_mean = means.mean(1, /*keepdim=*/true);
  const at::Tensor group_variance = (variances + (means - group_mean).square()).mean(1, /*keepdim=*/true);
  const auto per_channel = [&](const at::Tensor& of_group) { return of_group.expand_as(means).flatten(); };
  at::batch_norm_elemt_out(out, x, norm.weight.to(at::kFloat), norm.bias.to(at::kFloat), per_channel(group_mean),
                           per_channel((group_variance + kEps).rsqrt()), kEps);
}

bool IsForGpu(const at::Tensor& x) {
  return x.is_cuda() && x.is_contiguous(at::MemoryFormat::ChannelsLast3d);
}

// [B, C, T, H, W], as IsForGpu wants it.
at::Tensor NormalizeOnGpu(const at::Tensor& x, const VaeGroupNorm& norm) {
  const at::Tensor out = at::empty_like(x);
  for (int64_t b = 0; b < x.size(0); ++b) {
    const at::Tensor clip = x.narrow(0, b, 1);
    const at::Tensor clip_out = out.narrow(0, b, 1);
    if (!norm.spatial)
      NormalizeLastChannels(clip, norm, clip_out);
    for (int64_t t = 0; norm.spatial && t < x.size(2); ++t)
      NormalizeLastChannels(clip.select(2, t), norm, clip_out.select(2, t));
  }
  return out;
}

}  // namespace

VaeGroupNorm VaeGroupNorm::Load(const WeightScope& scope, int64_t channels, const VaeConfig& config) {
  return {.groups = config.norm_groups,
          .spatial = config.spatial_norm,
          .weight = scope.Take("weight", {channels}),
          .bias = scope.Take("bias", {channels})};
}

at::Tensor VaeGroupNorm::Forward(const at::Tensor& x) const {
  if (IsForGpu(x))
    return NormalizeOnGpu(x, *this);
  if (!spatial)
    return at::group_norm(x, groups, weight, bias, kEps);
  const at::Tensor frames = x.transpose(1, 2).flatten(0, 1);  // [B*T, C, H, W]
  const at::Tensor normed = at::group_norm(frames, groups, weight, bias, kEps);
  return normed.unflatten(0, {x.size(0), x.size(2)}).transpose(1, 2);
}

at::Tensor VaeGroupNorm::ForwardTokens(const at::Tensor& tokens) const {
  return at::group_norm(tokens.transpose(1, 2), groups, weight, bias, kEps).transpose(1, 2);
}

}  // namespace ruyi
