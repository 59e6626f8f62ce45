#include "core/model/dit/time_text_embedding.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/mean.h>

#include "core/model/dit/sinusoid.h"
#include "core/model/layers/multi_head_attention.h"

namespace ruyi {
namespace {

constexpr int64_t kSinusoidWidth = 256;
constexpr int64_t kSizes = 6;

}  // namespace

AttentionPool AttentionPool::Load(const WeightScope& scope, const DitConfig& config) {
  const int64_t width = config.t5_dim;
  return {.positions = scope.Take("positional_embedding", {1 + config.t5_length, width}),
          .query = Linear::Load(scope.Sub("q_proj"), width, width),
          .key = Linear::Load(scope.Sub("k_proj"), width, width),
          .value = Linear::Load(scope.Sub("v_proj"), width, width),
          .out = Linear::Load(scope.Sub("c_proj"), width, config.pooled_dim)};
}

at::Tensor AttentionPool::Forward(const at::Tensor& text) const {
  const at::Tensor tokens = at::cat({text.mean(1, /*keepdim=*/true), text}, 1) + positions;
  const at::Tensor mean = tokens.narrow(1, 0, 1);
  const at::Tensor pooled = MultiHeadAttention(query.ForwardWidened(mean), key.ForwardWidened(tokens),
                                               value.ForwardWidened(tokens), DitConfig::kPoolHeads);
  return out.ForwardWidened(pooled.squeeze(1));
}

TimeTextEmbedding TimeTextEmbedding::Load(const WeightScope& scope, const DitConfig& config) {
  const int64_t hidden = config.hidden();
  return {.timestep_mlp =
              TwoLayerMlp::Load(scope.Sub("timestep_embedder"), {.in = kSinusoidWidth, .inner = hidden, .out = hidden}),
          .pool = AttentionPool::Load(scope.Sub("pooler"), config),
          .style = scope.Take("style_embedder.weight", {1, hidden}),
          .extra_mlp = TwoLayerMlp::Load(
              scope.Sub("extra_embedder"),
              {.in = kSizes * kSinusoidWidth + hidden + config.pooled_dim, .inner = hidden * 4, .out = hidden})};
}

at::Tensor TimeTextEmbedding::Forward(const at::Tensor& timesteps, const at::Tensor& t5,
                                      const at::Tensor& sizes) const {
  const auto type = style.scalar_type();
  const at::Tensor time = TimestepSinusoid(timesteps.flatten(), kSinusoidWidth).to(type);
  const at::Tensor size = TimestepSinusoid(sizes.flatten(), kSinusoidWidth).to(type).view({sizes.size(0), -1});
  const at::Tensor extra = at::cat({pool.Forward(t5), size, style.expand({sizes.size(0), -1})}, 1);
  return timestep_mlp.Forward(time).unflatten(0, {timesteps.size(0), -1}) + extra_mlp.Forward(extra);
}

}  // namespace ruyi
