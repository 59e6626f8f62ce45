// Turns latents into frames, one chunk at a time. Before it: vae.cc cuts the clip. After it: frames for the video
// encoder. Immutable after loading; thread-safe. Source: Decoder of Ruyi-Models (omnigen_enc_dec.py), with the
// convolution before it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "core/model/vae/causal_conv3d.h"
#include "core/model/vae/config.h"
#include "core/model/vae/group_norm.h"
#include "core/model/vae/mid_block.h"
#include "core/model/vae/temporal_pass.h"
#include "core/model/vae/up_block.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// The latents of a chunk, together with the latents before and after it that the deepest layers see.
struct VaeDecoderInput {
  at::Tensor latents;  // [B, latent, t, h, w]
  int64_t begin = 0;   // where the chunk begins within t
  int64_t count = 0;
};

// Weight names: post_quant_conv, decoder.{conv_in, mid_block, up_blocks.N, conv_norm_out, conv_out}.
struct VaeDecoder {
  VaeActivation activation = VaeActivation::kSilu;
  PointwiseConv3d post_quant_conv;
  CausalConv3d conv_in;
  VaeMidBlock mid_block;
  std::vector<VaeUpBlock> up_blocks;
  VaeGroupNorm norm_out;
  CausalConv3d conv_out;

  // `root` is the scope of the whole autoencoder.
  static VaeDecoder Load(const WeightScope& root, const VaeConfig& config);

  // Returns the bytes that the weights take more than in the file, for the work that this saves.
  int64_t extra_bytes() const;

  // Returns the frames of the chunk, [B, out, T, H, W].
  at::Tensor Forward(const VaeDecoderInput& input, TemporalPass& pass) const;
};

}  // namespace ruyi
