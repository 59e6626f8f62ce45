// Turns frames into moments, one chunk at a time. Before it: vae.cc cuts the clip. After it: the posterior sample.
// Immutable after loading; thread-safe. Source: Encoder of Ruyi-Models (omnigen_enc_dec.py), with the convolution
// behind it.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/model/vae/causal_conv3d.h"
#include "core/model/vae/config.h"
#include "core/model/vae/down_block.h"
#include "core/model/vae/group_norm.h"
#include "core/model/vae/mid_block.h"
#include "core/model/vae/temporal_pass.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Weight names: encoder.{conv_in, down_blocks.N, mid_block, conv_norm_out, conv_out}, quant_conv.
struct VaeEncoder {
  VaeActivation activation = VaeActivation::kSilu;
  CausalConv3d conv_in;
  std::vector<VaeDownBlock> down_blocks;
  VaeMidBlock mid_block;
  VaeGroupNorm norm_out;
  CausalConv3d conv_out;
  PointwiseConv3d quant_conv;

  // `root` is the scope of the whole autoencoder.
  static VaeEncoder Load(const WeightScope& root, const VaeConfig& config);

  // [B, in, T, H, W] → [B, 2 * latent, t, h, w]
  at::Tensor Forward(const at::Tensor& video, TemporalPass& pass) const;
};

}  // namespace ruyi
