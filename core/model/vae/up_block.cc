#include "core/model/vae/up_block.h"

#include "absl/strings/str_cat.h"

namespace ruyi {

VaeUpBlock VaeUpBlock::Load(const WeightScope& scope, size_t index, const VaeConfig& config) {
  const VaeBlockType type = config.up_blocks[index];
  const size_t outermost = config.block_channels.size() - 1;
  const int64_t out = config.block_channels[outermost - index];
  const VaeAttentionShape shape = {.type = type.attention, .channels = out, .heads = config.attention_heads};
  VaeUpBlock block;
  for (int64_t i = 0; i < config.layers_per_block + 1; ++i) {
    const int64_t in = i > 0 || index == 0 ? out : config.block_channels[outermost - index + 1];
    block.resnets.push_back(VaeResnetBlock::Load(scope.Sub(absl::StrCat("convs.", i)), in, out, config));
    if (type.attention != VaeAttentionType::kNone)
      block.attentions.push_back(VaeAttention::Load(scope.Sub(absl::StrCat("attentions.", i)), shape, config));
  }
  if (index < outermost)
    block.upsampler = VaeUpsampler::Load(scope.Sub("upsampler"), out, type.resampling, config);
  return block;
}

at::Tensor VaeUpBlock::Forward(at::Tensor x, TemporalPass& pass) const {
  for (size_t i = 0; i < resnets.size(); ++i) {
    x = resnets[i].Forward(x, pass);
    if (!attentions.empty())
      x = attentions[i].Forward(x);
  }
  return upsampler ? upsampler->Forward(x, pass) : x;
}

}  // namespace ruyi
