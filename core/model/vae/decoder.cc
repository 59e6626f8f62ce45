#include "core/model/vae/decoder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/model/vae/slabs.h"

namespace ruyi {

VaeDecoder VaeDecoder::Load(const WeightScope& root, const VaeConfig& config) {
  const WeightScope scope = root.Sub("decoder");
  const int64_t latent = config.latent_channels;
  const int64_t outermost = config.block_channels.front();
  VaeDecoder decoder;
  decoder.activation = config.activation;
  decoder.post_quant_conv = PointwiseConv3d::Load(root.Sub("post_quant_conv"), latent, latent);
  decoder.conv_in = CausalConv3d::Load(scope.Sub("conv_in"), latent, config.block_channels.back());
  decoder.mid_block = VaeMidBlock::Load(scope.Sub("mid_block"), config);
  for (size_t i = 0; i < config.up_blocks.size(); ++i)
    decoder.up_blocks.push_back(VaeUpBlock::Load(scope.Sub(absl::StrCat("up_blocks.", i)), i, config));
  decoder.norm_out = VaeGroupNorm::Load(scope.Sub("conv_norm_out"), outermost, config);
  decoder.conv_out = CausalConv3d::Load(scope.Sub("conv_out"), outermost, config.out_channels);
  return decoder;
}

int64_t VaeDecoder::extra_bytes() const {
  int64_t bytes = 0;
  for (const VaeUpBlock& block : up_blocks)
    bytes += block.upsampler ? block.upsampler->extra_bytes : 0;
  return bytes;
}

at::Tensor VaeDecoder::Forward(const VaeDecoderInput& input, TemporalPass& pass) const {
  at::Tensor x = conv_in.Forward(post_quant_conv.Forward(input.latents), pass);
  x = mid_block.Forward(std::move(x), pass).narrow(2, input.begin, input.count);
  for (const VaeUpBlock& block : up_blocks)
    x = block.Forward(std::move(x), pass);
  return NormedConvolution{norm_out, activation, conv_out}.Forward(x, pass);
}

}  // namespace ruyi
