#include "core/model/vae/mid_block.h"

#include "absl/strings/str_cat.h"

namespace ruyi {

VaeMidBlock VaeMidBlock::Load(const WeightScope& scope, const VaeConfig& config) {
  const int64_t channels = config.block_channels.back();
  const VaeAttentionShape shape = {
      .type = config.mid_attention, .channels = channels, .heads = config.mid_attention_heads};
  VaeMidBlock block;
  for (int64_t i = 0; i < config.layers_per_block; ++i) {
    block.attentions.push_back(i == 0
                                   ? std::vector<VaeAttention>()
                                   : LoadVaeAttentions(scope.Sub(absl::StrCat("attentions.", i - 1)), shape, config));
    block.resnets.push_back(VaeResnetBlock::Load(scope.Sub(absl::StrCat("convs.", i)), channels, channels, config));
  }
  return block;
}

at::Tensor VaeMidBlock::Forward(at::Tensor x, TemporalPass& pass) const {
  for (size_t i = 0; i < resnets.size(); ++i) {
    for (const VaeAttention& attention : attentions[i])
      x = attention.Forward(x);
    x = resnets[i].Forward(x, pass);
  }
  return x;
}

}  // namespace ruyi
