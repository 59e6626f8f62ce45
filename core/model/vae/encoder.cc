#include "core/model/vae/encoder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/model/vae/slabs.h"

namespace ruyi {

VaeEncoder VaeEncoder::Load(const WeightScope& root, const VaeConfig& config) {
  const WeightScope scope = root.Sub("encoder");
  const int64_t moments = 2 * config.latent_channels;
  const int64_t deepest = config.block_channels.back();
  VaeEncoder encoder;
  encoder.activation = config.activation;
  encoder.conv_in = CausalConv3d::Load(scope.Sub("conv_in"), config.in_channels, config.block_channels.front());
  for (size_t i = 0; i < config.down_blocks.size(); ++i)
    encoder.down_blocks.push_back(VaeDownBlock::Load(scope.Sub(absl::StrCat("down_blocks.", i)), i, config));
  encoder.mid_block = VaeMidBlock::Load(scope.Sub("mid_block"), config);
  encoder.norm_out = VaeGroupNorm::Load(scope.Sub("conv_norm_out"), deepest, config);
  encoder.conv_out = CausalConv3d::Load(scope.Sub("conv_out"), deepest, moments);
  encoder.quant_conv = PointwiseConv3d::Load(root.Sub("quant_conv"), moments, moments);
  return encoder;
}

at::Tensor VaeEncoder::Forward(const at::Tensor& video, TemporalPass& pass) const {
  at::Tensor x = conv_in.Forward(video, pass);
  for (const VaeDownBlock& block : down_blocks)
    x = block.Forward(std::move(x), pass);
  x = mid_block.Forward(std::move(x), pass);
  return quant_conv.Forward(NormedConvolution{norm_out, activation, conv_out}.Forward(x, pass));
}

}  // namespace ruyi
