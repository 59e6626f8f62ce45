// Reads vae/config.json: the shape of the MagViT video autoencoder. Before it: core/json/json_file. After it: the Load
// functions beside it, and the pipeline (chunk sizes, scaling factor, smoothing). A value; thread-safe. Source:
// AutoencoderKLMagvit of Ruyi-Models; absent keys take its defaults, keys of older versions are ignored.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/status/statusor.h"

namespace ruyi {

// Says how a long clip passes through the autoencoder. All but kPlain work chunk by chunk: `encoder_chunk` frames,
// `decoder_chunk` latents.
enum class VaeTemporalMode {
  kPlain,   // the whole clip at once, convolutions causal
  kChunks,  // chunks know nothing of each other, convolutions causal
  kSlice,   // chunks padded with zeros; the decoder's deepest layers also see the latents of both neighbours
  kCache,   // as kSlice to encode; the decoder's convolutions carry their last frames to the next chunk
};

enum class VaeActivation { kElu, kGelu, kMish, kRelu, kSilu };

enum class VaeResampling { kNone, kSpatial, kTemporal, kSpatialTemporal };

// Says which positions of [T, H, W] attend to each other.
enum class VaeAttentionType { kNone, kSpatial, kTemporal, kSpatialTemporal, kFull };

struct VaeBlockType {
  VaeResampling resampling = VaeResampling::kNone;  // by 2; the last block of either side never resamples
  VaeAttentionType attention = VaeAttentionType::kNone;
};

struct VaeConfig {
  int64_t in_channels = 3;
  int64_t out_channels = 3;
  int64_t latent_channels = 4;
  std::vector<int64_t> block_channels;    // ch * ch_mult, from the outermost block inwards
  std::vector<VaeBlockType> down_blocks;  // as many as block_channels
  std::vector<VaeBlockType> up_blocks;    // from the innermost block outwards
  VaeAttentionType mid_attention = VaeAttentionType::kFull;
  int64_t mid_attention_heads = 1;
  int64_t attention_heads = 1;
  int64_t layers_per_block = 2;
  int64_t norm_groups = 32;
  bool spatial_norm = false;  // group norm over each frame instead of over all frames
  VaeActivation activation = VaeActivation::kSilu;
  VaeTemporalMode temporal_mode = VaeTemporalMode::kChunks;
  int64_t encoder_chunk = 9;
  int64_t decoder_chunk = 3;
  double scaling_factor = 0.1825;
  bool always_float32 = false;  // upcast_vae: weights and arithmetic in float32 whatever the placement says
  bool tiles_encoder = false;
  bool tiles_decoder = false;
  int64_t tile_pixels = 384;   // side of a tile, see tiling.h
  double tile_overlap = 0.25;  // what part of a tile's side it shares with the tile beside it
};

// Returns the factor by which all blocks of one side together change height and width. `blocks` is not empty.
int64_t SpatialScale(const std::vector<VaeBlockType>& blocks);

// Reads the configuration. FAILED_PRECONDITION: a key of the wrong type, or values that do not fit together.
// UNIMPLEMENTED with reason FEATURE_NOT_BUILT: a block, attention, activation or feature that is not built; the message
// names key, value and what is supported.
absl::StatusOr<VaeConfig> ParseVaeConfig(const nlohmann::json& json);

}  // namespace ruyi
