#include "core/model/vae/down_block.h"

#include "absl/strings/str_cat.h"

namespace ruyi {

VaeDownBlock VaeDownBlock::Load(const WeightScope& scope, size_t index, const VaeConfig& config) {
  const VaeBlockType type = config.down_blocks[index];
  const int64_t out = config.block_channels[index];
  const VaeAttentionShape shape = {.type = type.attention, .channels = out, .heads = config.attention_heads};
  VaeDownBlock block;
  for (int64_t i = 0; i < config.layers_per_block; ++i) {
    const int64_t in = i > 0 ? out : config.block_channels[index > 0 ? index - 1 : 0];
    block.resnets.push_back(VaeResnetBlock::Load(scope.Sub(absl::StrCat("convs.", i)), in, out, config));
    if (type.attention != VaeAttentionType::kNone)
      block.attentions.push_back(VaeAttention::Load(scope.Sub(absl::StrCat("attentions.", i)), shape, config));
  }
  if (type.resampling != VaeResampling::kNone && index + 1 < config.block_channels.size())
    block.downsampler = VaeDownsampler::Load(scope.Sub("downsampler"), out, type.resampling);
  return block;
}

at::Tensor VaeDownBlock::Forward(at::Tensor x, TemporalPass& pass) const {
  for (size_t i = 0; i < resnets.size(); ++i) {
    x = resnets[i].Forward(x, pass);
    if (!attentions.empty())
      x = attentions[i].Forward(x);
  }
  return downsampler ? downsampler->Forward(x, pass) : x;
}

}  // namespace ruyi
