#include "core/model/vae/group_norm.h"

#include <ATen/ops/group_norm.h>

namespace ruyi {
namespace {

constexpr double kEps = 1e-6;

}  // namespace

VaeGroupNorm VaeGroupNorm::Load(const WeightScope& scope, int64_t channels, const VaeConfig& config) {
  return {.groups = config.norm_groups,
          .spatial = config.spatial_norm,
          .weight = scope.Take("weight", {channels}),
          .bias = scope.Take("bias", {channels})};
}

at::Tensor VaeGroupNorm::Forward(const at::Tensor& x) const {
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
