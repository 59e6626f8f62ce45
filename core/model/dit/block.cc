#include "core/model/dit/block.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>

namespace ruyi {
namespace {

constexpr double kEps = 1e-6;

// `positions` may be undefined: none.
at::Tensor AddFramePositions(const at::Tensor& x, const at::Tensor& positions) {
  if (!positions.defined())
    return x;
  return (x.unflatten(1, {positions.size(1), -1}) + positions).flatten(1, 2);
}

// Over all of a token's features.
LayerNorm LoadNorm(const WeightScope& scope, int64_t dim) {
  return LayerNorm::Load(scope.AsNorm(), dim, kEps);
}

}  // namespace

DitSkip DitSkip::Load(const WeightScope& scope, const DitConfig& config) {
  const int64_t hidden = config.hidden();
  return {.norm = LoadNorm(scope.Sub("skip_norm"), 2 * hidden),
          .projection = Linear::Load(scope.Sub("skip_linear"), 2 * hidden, hidden)};
}

at::Tensor DitSkip::Forward(const at::Tensor& x, const at::Tensor& skipped) const {
  return projection.Forward(norm.Forward(at::cat({x, skipped}, -1)));
}

DitClipBranch DitClipBranch::Load(const WeightScope& scope, const DitConfig& config) {
  return {.norm = LoadNorm(scope.Sub("norm_clip"), config.hidden()),
          .attention = DitAttention::Load(scope.Sub("attn_clip"), config, config.cross_attention_dim),
          .gate = ClipGate::Load(scope.Sub("gate_clip"), config),
          .out_norm = LoadNorm(scope.Sub("norm_clip_out"), config.hidden())};
}

at::Tensor DitClipBranch::Forward(const at::Tensor& x, const DitBlockInput& input) const {
  return out_norm.Forward(gate.Forward(attention.Forward(norm.Forward(x), input.rotary, input.clip)));
}

DitBlock DitBlock::Load(const WeightScope& scope, const DitConfig& config, bool has_skip) {
  const int64_t hidden = config.hidden();
  scope.Ignore("t_embed.pe");  // computed: FrameSinusoid
  DitBlock block;
  if (has_skip)
    block.skip = DitSkip::Load(scope, config);
  block.time_shift = Linear::Load(scope.Sub("norm1.linear"), hidden, hidden);
  block.self_norm = LoadNorm(scope.Sub("norm1.norm"), hidden);
  block.self_attention = DitAttention::Load(scope.Sub("attn1"), config, hidden);
  block.text_norm = LoadNorm(scope.Sub("norm2"), hidden);
  block.text_attention = DitAttention::Load(scope.Sub("attn2"), config, config.cross_attention_dim);
  if (config.has_clip)
    block.clip = DitClipBranch::Load(scope, config);
  block.ff_norm = LoadNorm(scope.Sub("norm3"), hidden);
  block.ff = FeedForward::Load(scope.Sub("ff"), config);
  return block;
}

at::Tensor DitBlock::Modulate(const at::Tensor& x, const DitBlockInput& input) const {
  return self_norm.Forward(AddFramePositions(x, input.frame_positions)) + input.shift;
}

at::Tensor DitBlock::Forward(const at::Tensor& x, const at::Tensor& skipped, const DitBlockInput& input) const {
  const at::Tensor joined = skip.has_value() ? skip->Forward(x, skipped) : x;
  at::Tensor tokens = AddFramePositions(joined, input.frame_positions);
  tokens = tokens + self_attention.Forward(self_norm.Forward(tokens) + input.shift, input.rotary, input.enhance);
  tokens = tokens + text_attention.Forward(text_norm.Forward(tokens), input.rotary, input.text);
  if (clip.has_value())
    tokens = tokens + clip->Forward(tokens, input);
  return tokens + ff.Forward(ff_norm.Forward(tokens));
}

}  // namespace ruyi
