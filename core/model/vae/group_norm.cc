#include "core/model/vae/group_norm.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/group_norm.h>

#include "core/model/vae/activation.h"

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

kernels::GroupNormParameters VaeGroupNorm::Parameters(bool is_of_frames, bool activates) const {
  return {.weight = weight,
          .bias = bias,
          .groups = groups,
          .eps = kEps,
          .is_of_frames = is_of_frames,
          .activates = activates};
}

at::Tensor VaeGroupNorm::Forward(const kernels::Features& features, VaeActivation activation) const {
  const bool is_silu = activation == VaeActivation::kSilu;
  const at::Tensor normed = kernels::GroupNorm(features, Parameters(spatial, is_silu));
  return is_silu ? normed : Activate(activation, normed);
}

at::Tensor VaeGroupNorm::Scales(const kernels::Features& features) const {
  return kernels::GroupNormScales(features, Parameters(spatial, /*activates=*/false));
}

void VaeGroupNorm::ForwardRows(const at::Tensor& rows, const at::Tensor& scales, VaeActivation activation,
                               const at::Tensor& out) const {
  const bool is_silu = activation == VaeActivation::kSilu;
  kernels::NormalizeRows(rows, scales, Parameters(spatial, is_silu), out);
  if (!is_silu)
    Activate(activation, out);
}

at::Tensor VaeGroupNorm::ForwardFrames(const at::Tensor& x) const {
  return kernels::GroupNorm({.x = x}, Parameters(/*is_of_frames=*/true, /*activates=*/false));
}

at::Tensor VaeGroupNorm::ForwardClip(const at::Tensor& x) const {
  return kernels::GroupNorm({.x = x}, Parameters(/*is_of_frames=*/false, /*activates=*/false));
}

at::Tensor VaeGroupNorm::ForwardTokens(const at::Tensor& tokens) const {
  return at::group_norm(tokens.transpose(1, 2), groups, weight, bias, kEps).transpose(1, 2);
}

}  // namespace ruyi
