#include "core/model/dit/block.h"

#include <ATen/TensorOperators.h>

namespace ruyi {
namespace {

constexpr double kEps = 1e-6;

// Loads a norm over all of a token's features.
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
  return projection.Forward(kernels::ConcatNorm(x, skipped, norm.In(x.scalar_type()), projection.InputForm()));
}

DitClipBranch DitClipBranch::Load(const WeightScope& scope, const DitConfig& config) {
  return {.norm = LoadNorm(scope.Sub("norm_clip"), config.hidden()),
          .attention = DitAttention::Load(scope.Sub("attn_clip"), config, config.cross_attention_dim),
          .gate = ClipGate::Load(scope.Sub("gate_clip"), config),
          .out_norm = LoadNorm(scope.Sub("norm_clip_out"), config.hidden())};
}

at::Tensor DitClipBranch::Forward(const kernels::Activations& normed, const DitBlockInput& input) const {
  return out_norm.Forward(gate.Forward(attention.Forward(normed, input.rotary, input.clip)));
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

// Returns x with the frames' positions, and the input that the self-attention gets for that.
kernels::SumAndNorm DitBlock::Begin(const at::Tensor& x, const DitBlockInput& input, kernels::Form form) const {
  const kernels::NormParameters norm = self_norm.In(x.scalar_type());
  if (!input.frame_positions.defined())
    return {.sum = x, .normed = kernels::Norm(x, norm, input.shift, form)};
  return kernels::AddNorm(x, input.frame_positions, norm, input.shift, form);
}

at::Tensor DitBlock::Modulate(const at::Tensor& x, const DitBlockInput& input) const {
  return Begin(x, input, kernels::Form::kPlain).normed.plain();
}

// Each part is added to the tokens in one go with the normalisation that the next part begins with, which comes out in
// the form that the next part takes.
at::Tensor DitBlock::Forward(const at::Tensor& x, const at::Tensor& skipped, const DitBlockInput& input) const {
  const auto add = [](kernels::SumAndNorm& tokens, const at::Tensor& delta, const LayerNorm& next, kernels::Form form) {
    tokens.normed = {};  // its memory is free for the next
    tokens = kernels::AddNorm(tokens.sum, delta, next.In(delta.scalar_type()), /*shift=*/{}, form);
  };
  kernels::SumAndNorm tokens =
      Begin(skip.has_value() ? skip->Forward(x, skipped) : x, input, self_attention.SelfForm());
  add(tokens, self_attention.Forward(tokens.normed, input.rotary, input.enhance), text_norm,
      text_attention.CrossForm());
  const LayerNorm& after_text = clip.has_value() ? clip->norm : ff_norm;
  const kernels::Form form_after_text = clip.has_value() ? clip->attention.CrossForm() : ff.up.InputForm();
  add(tokens, text_attention.Forward(tokens.normed, input.rotary, input.text), after_text, form_after_text);
  if (clip.has_value())
    add(tokens, clip->Forward(tokens.normed, input), ff_norm, ff.up.InputForm());
  return tokens.sum + ff.Forward(tokens.normed);
}

}  // namespace ruyi
