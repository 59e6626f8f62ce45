// Reads image_encoder/config.json: the shape of a CLIP vision model. Before it: core/json/json_file. After it:
// clip_vision_model.h. A value. Source: transformers v4.46, CLIPVisionConfig (its defaults hold for absent keys).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"

namespace ruyi {

// The function between the two layers of an MLP: x Φ(x), or x σ(1.702 x).
enum class ClipActivation { kGelu, kQuickGelu };

struct ClipVisionConfig {
  int64_t image_size = 224;  // pixels, both ways
  int64_t patch_size = 32;   // pixels, both ways
  int64_t channels = 3;
  int64_t hidden_size = 768;
  int64_t intermediate_size = 3072;
  int64_t layers = 12;
  int64_t heads = 12;
  int64_t projection_dim = 512;
  double layer_norm_eps = 1e-5;
  ClipActivation activation = ClipActivation::kQuickGelu;

  // Returns the number of patches of one picture; the model's tokens are these and one for the class.
  int64_t patches() const { return (image_size / patch_size) * (image_size / patch_size); }
};

// Takes the configuration of a vision model, or of a whole CLIP model (its vision_config then counts).
// FAILED_PRECONDITION: a value of the wrong type or out of range. UNIMPLEMENTED with reason FEATURE_NOT_BUILT: a
// hidden_act other than gelu and quick_gelu.
absl::StatusOr<ClipVisionConfig> ParseClipVisionConfig(const nlohmann::json& json);

}  // namespace ruyi
