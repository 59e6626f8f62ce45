#include "core/model/clip_vision/clip_vision_model.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>

#include "absl/strings/str_format.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi {

ClipEmbeddings ClipEmbeddings::Load(const WeightScope& scope, const ClipVisionConfig& config) {
  const int64_t hidden = config.hidden_size;
  return {
      .patch_size = config.patch_size,
      .class_token = scope.Take("class_embedding", {hidden}),
      .patches = scope.Take("patch_embedding.weight", {hidden, config.channels, config.patch_size, config.patch_size}),
      .positions = scope.Take("position_embedding.weight", {1 + config.patches(), hidden})};
}

at::Tensor ClipEmbeddings::Forward(const at::Tensor& pixels) const {
  const at::Tensor patch_tokens =
      at::conv2d(pixels, patches, /*bias=*/{}, /*stride=*/{patch_size, patch_size}).flatten(2).transpose(1, 2);
  return at::cat({class_token.expand({pixels.size(0), 1, -1}), patch_tokens}, 1) + positions;
}

ClipVisionModel ClipVisionModel::Load(const WeightScope& scope, const ClipVisionConfig& config) {
  const WeightScope vision = scope.Sub("vision_model");
  vision.Sub("embeddings").Ignore("position_ids");
  ClipVisionModel model;
  model.config = config;
  model.embeddings = ClipEmbeddings::Load(vision.Sub("embeddings"), config);
  model.input_norm = LayerNorm::Load(vision.Sub("pre_layrnorm"), config.hidden_size, config.layer_norm_eps);
  for (int64_t i = 0; i < config.layers; ++i) {
    model.layers.push_back(ClipEncoderLayer::Load(vision.Sub(absl::StrFormat("encoder.layers.%d", i)), config));
  }
  model.output_norm = LayerNorm::Load(vision.Sub("post_layernorm"), config.hidden_size, config.layer_norm_eps);
  model.projection =
      Linear::Load(scope.Sub("visual_projection"), config.hidden_size, config.projection_dim, /*has_bias=*/false);
  return model;
}

at::Tensor ClipVisionModel::Forward(const at::Tensor& pixels) const {
  at::Tensor tokens = input_norm.Forward(embeddings.Forward(pixels));
  for (const ClipEncoderLayer& layer : layers)
    tokens = layer.Forward(tokens);
  return tokens;
}

at::Tensor ClipVisionModel::Project(const at::Tensor& last_hidden_state) const {
  return projection.Forward(output_norm.Forward(last_hidden_state.select(1, 0)));
}

absl::StatusOr<ClipVisionModel> LoadClipVisionModel(const std::filesystem::path& folder,
                                                    const TensorPlacement& placement,
                                                    std::vector<std::string>* unused_names) {
  RUYI_ASSIGN_OR_RETURN(const ClipVisionConfig config, ParseJsonFile(folder / "config.json", ParseClipVisionConfig));
  RUYI_ASSIGN_OR_RETURN(WeightStore store, WeightStore::Open(folder, "model", placement));
  RUYI_ASSIGN_OR_RETURN(ClipVisionModel model, GuardExceptions("loading the image encoder", [&] {
                          return ClipVisionModel::Load(store.root(), config);
                        }));
  RUYI_RETURN_IF_ERROR(store.Finish());
  model.files = store.mapped_files();
  model.bytes = BytesOf(store.taken());
  store.AddUnusedNames(unused_names);
  return model;
}

}  // namespace ruyi
