#include "core/model/vae/attention.h"

#include <ATen/TensorOperators.h>

#include "core/model/layers/multi_head_attention.h"

namespace ruyi {
namespace {

// [B, C, T, H, W] → [B, T, H, W, C]
at::Tensor ChannelsLast(const at::Tensor& x) {
  return x.permute({0, 2, 3, 4, 1});
}

// Positions that see each other become the tokens of one row: [B, T, H, W, C] → [N, L, C].
at::Tensor GatherTokens(const at::Tensor& x, VaeAttentionType type) {
  if (type == VaeAttentionType::kSpatial)
    return x.flatten(2, 3).flatten(0, 1);
  if (type == VaeAttentionType::kTemporal)
    return x.permute({0, 2, 3, 1, 4}).flatten(0, 2);
  return x.flatten(1, 3);
}

// The inverse of GatherTokens; `sizes` are those of [B, T, H, W, C].
at::Tensor ScatterTokens(const at::Tensor& tokens, VaeAttentionType type, at::IntArrayRef sizes) {
  if (type == VaeAttentionType::kTemporal)
    return tokens.view({sizes[0], sizes[2], sizes[3], sizes[1], sizes[4]}).permute({0, 3, 1, 2, 4});
  return tokens.view(sizes);
}

}  // namespace

VaeAttention VaeAttention::Load(const WeightScope& scope, const VaeAttentionShape& shape, const VaeConfig& config) {
  const int64_t channels = shape.channels;
  return {.shape = shape,
          .norm = VaeGroupNorm::Load(scope.Sub("group_norm"), channels, config),
          .query = Linear::Load(scope.Sub("to_q"), channels, channels),
          .key = Linear::Load(scope.Sub("to_k"), channels, channels),
          .value = Linear::Load(scope.Sub("to_v"), channels, channels),
          .out = Linear::Load(scope.Sub("to_out"), channels, channels)};
}

at::Tensor VaeAttention::Forward(const at::Tensor& x) const {
  const at::Tensor last = ChannelsLast(x);
  const at::Tensor attended = Attend(NormedTokens(x).contiguous()).contiguous();
  return (last + ScatterTokens(attended, shape.type, last.sizes())).permute({0, 4, 1, 2, 3});
}

// Each row of tokens is normalised by statistics of its own: [B, C, T, H, W] → [N, L, C]
at::Tensor VaeAttention::NormedTokens(const at::Tensor& x) const {
  if (shape.type == VaeAttentionType::kTemporal)
    return norm.ForwardTokens(GatherTokens(ChannelsLast(x), shape.type));
  const at::Tensor normed = shape.type == VaeAttentionType::kSpatial ? norm.ForwardFrames(x) : norm.ForwardClip(x);
  return GatherTokens(ChannelsLast(normed), shape.type);
}

at::Tensor VaeAttention::Attend(const at::Tensor& normed) const {
  return out.Forward(
      MultiHeadAttention(query.Forward(normed), key.Forward(normed), value.Forward(normed), shape.heads));
}

std::vector<VaeAttention> LoadVaeAttentions(const WeightScope& scope, const VaeAttentionShape& shape,
                                            const VaeConfig& config) {
  if (shape.type == VaeAttentionType::kNone)
    return {};
  if (shape.type != VaeAttentionType::kSpatialTemporal)
    return {VaeAttention::Load(scope, shape, config)};
  VaeAttentionShape spatial = shape;
  spatial.type = VaeAttentionType::kSpatial;
  VaeAttentionShape temporal = shape;
  temporal.type = VaeAttentionType::kTemporal;
  return {VaeAttention::Load(scope.Sub("0"), spatial, config), VaeAttention::Load(scope.Sub("1"), temporal, config)};
}

}  // namespace ruyi
