#include "core/model/dit/resampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/chunk.h>
#include <ATen/ops/upsample_bicubic2d.h>

#include <cmath>

#include "core/model/layers/multi_head_attention.h"

namespace ruyi {
namespace {

constexpr double kEps = 1e-5;

int64_t SideOfSquare(int64_t area) {
  return static_cast<int64_t>(std::sqrt(static_cast<double>(area)));
}

// Always stored in the type of the arithmetic, unlike other linear layers.
Linear LoadOut(const WeightScope& scope, int64_t width) {
  scope.AddLayer({.out = width, .in = width});
  return {.weight = {.data = scope.Take("weight", {width, width}), .scale = {}},
          .bias = scope.Take("bias", {width}),
          .update = scope.Update()};
}

}  // namespace

Resampler Resampler::Load(const WeightScope& scope, const DitConfig& config) {
  const int64_t width = config.cross_attention_dim;
  const std::vector<at::Tensor> weights = at::chunk(scope.Take("attn.in_proj_weight", {3 * width, width}), 3);
  const std::vector<at::Tensor> biases = at::chunk(scope.Take("attn.in_proj_bias", {3 * width}), 3);
  Resampler resampler;
  resampler.heads = config.heads;
  resampler.queries = scope.Take("query", {config.clip_queries, width});
  resampler.positions = scope.Take("pos_embed", {config.clip_queries, width});
  if (config.clip_dim != width)
    resampler.source_projection = Linear::Load(scope.Sub("kv_proj"), config.clip_dim, width, /*has_bias=*/false);
  resampler.query_norm = LayerNorm::Load(scope.Sub("ln_q"), width, kEps);
  resampler.source_norm = LayerNorm::Load(scope.Sub("ln_kv"), width, kEps);
  resampler.query = {.weight = {.data = weights[0], .scale = {}}, .bias = biases[0], .update = {}};
  resampler.key = {.weight = {.data = weights[1], .scale = {}}, .bias = biases[1], .update = {}};
  resampler.value = {.weight = {.data = weights[2], .scale = {}}, .bias = biases[2], .update = {}};
  resampler.out = LoadOut(scope.Sub("attn.out_proj"), width);
  return resampler;
}

// The learnt positions, on a grid of `tokens` places: [tokens, cross]
at::Tensor Resampler::PositionsOf(int64_t tokens) const {
  const int64_t from = SideOfSquare(positions.size(0));
  const int64_t to = SideOfSquare(tokens);
  if (from == to)
    return positions;
  const at::Tensor grid = positions.to(at::kFloat).view({1, from, from, -1}).permute({0, 3, 1, 2});
  return at::upsample_bicubic2d(grid, {to, to}, /*align_corners=*/false)
      .permute({0, 2, 3, 1})
      .flatten(0, 2)
      .to(positions.scalar_type());
}

at::Tensor Resampler::Forward(const at::Tensor& tokens) const {
  const at::Tensor projected =
      source_projection.weight.data.defined() ? source_projection.ForwardWidened(tokens) : tokens;
  const at::Tensor source = source_norm.Forward(projected);
  const at::Tensor asked = (query_norm.Forward(queries) + positions).expand({tokens.size(0), -1, -1});
  return out.Forward(MultiHeadAttention(query.Forward(asked), key.Forward(source + PositionsOf(tokens.size(1))),
                                        value.Forward(source), heads));
}

}  // namespace ruyi
