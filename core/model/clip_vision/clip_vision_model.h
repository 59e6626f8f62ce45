// The CLIP image encoder: turns the start picture into one token per patch that says what the picture shows. Before it:
// the preprocessed picture (core/pipeline/ruyi). After it: the DiT's CLIP resampler takes the patch tokens. Immutable
// after loading; thread-safe. Source: Radford et al. 2021 (CLIP); transformers v4.46, modeling_clip.py,
// CLIPVisionModelWithProjection.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/clip_vision/clip_encoder_layer.h"
#include "core/model/clip_vision/config.h"
#include "core/model/layers/layer_norm.h"
#include "core/model/layers/linear.h"
#include "core/tensor/tensor_placement.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Turns a picture into tokens: a class token, then the patches row by row, each with its learnt position. Weight names:
// class_embedding [hidden], patch_embedding.weight [hidden, channels, patch, patch], position_embedding.weight [1 +
// patches, hidden].
struct ClipEmbeddings {
  int64_t patch_size = 0;
  at::Tensor class_token;
  at::Tensor patches;
  at::Tensor positions;

  static ClipEmbeddings Load(const WeightScope& scope, const ClipVisionConfig& config);

  // [B, channels, image_size, image_size] → [B, 1 + patches, hidden]
  at::Tensor Forward(const at::Tensor& pixels) const;
};

// Weight names: vision_model.{embeddings, pre_layrnorm, encoder.layers.N, post_layernorm}, visual_projection.weight
// [projection_dim, hidden].
struct ClipVisionModel {
  ClipVisionConfig config;
  ClipEmbeddings embeddings;
  LayerNorm input_norm;
  std::vector<ClipEncoderLayer> layers;
  LayerNorm output_norm;
  Linear projection;
  MappedFiles files;  // the files whose memory the weights of a loaded model may share
  int64_t bytes = 0;  // of these weights

  static ClipVisionModel Load(const WeightScope& scope, const ClipVisionConfig& config);

  // [B, channels, image_size, image_size], normalised → last hidden state [B, 1 + patches, hidden], before the output
  // norm. Ruyi takes its patch tokens [:, 1:].
  at::Tensor Forward(const at::Tensor& pixels) const;

  // Turns the last hidden state into image embeddings [B, projection_dim] of CLIP's joint space.
  at::Tensor Project(const at::Tensor& last_hidden_state) const;
};

// Loads the model in `folder` (config.json, model.safetensors or its shards) into the placement. The names in the files
// that the model does not use are added to `unused_names`, which may be null. Blocks on the disk. Errors: those of
// ReadJsonFile, ParseClipVisionConfig and WeightStore; RESOURCE_EXHAUSTED when memory runs out.
absl::StatusOr<ClipVisionModel> LoadClipVisionModel(const std::filesystem::path& folder,
                                                    const TensorPlacement& placement,
                                                    std::vector<std::string>* unused_names);

}  // namespace ruyi
