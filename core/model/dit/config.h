// Reads transformer/config.json: the shape of the diffusion transformer. Before it: core/json. After it: dit.h. A
// value. Source: HunyuanTransformer3DModel of Ruyi-Models with the additions of its config/default.yaml.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"

namespace ruyi {

struct DitConfig {
  static constexpr int64_t kPoolHeads = 8;  // of the text's attention pool; the reference fixes it

  int64_t heads = 16;
  int64_t head_dim = 88;
  int64_t in_channels = 0;   // of the latents, and of the mask and picture latents of inpainting beside them
  int64_t out_channels = 0;  // predictions, of which the first half counts
  int64_t patch_size = 2;    // latents per token, both ways
  int64_t layers = 28;       // even
  int64_t ff_dim = 0;        // int(hidden * mlp_ratio)
  int64_t cross_attention_dim = 1024;
  int64_t t5_dim = 2048;
  int64_t pooled_dim = 1024;
  int64_t text_length = 77;
  int64_t t5_length = 256;
  int64_t clip_queries = 16;  // a square number
  int64_t clip_dim = 768;     // of the image encoder's tokens
  bool has_clip = false;      // cross-attention to CLIP tokens in every block
  bool time_positions = true;

  int64_t hidden() const { return heads * head_dim; }
  int64_t text_tokens() const { return text_length + t5_length; }
};

// Reads the configuration. FAILED_PRECONDITION: a value of the wrong type or out of range, or values that do not fit
// together. UNIMPLEMENTED with reason FEATURE_NOT_BUILT: a basic_block_type other than basic, after_norm, or another
// activation_fn.
absl::StatusOr<DitConfig> ParseDitConfig(const nlohmann::json& json);

}  // namespace ruyi
