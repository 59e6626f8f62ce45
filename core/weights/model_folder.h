// Says where the parts of a model lie in its folder, in the layout in which Ruyi-Mini-7B was published. Before it: the
// program's --model. After it: the loaders of core/model and core/pipeline/ruyi, which read the parts. A value;
// thread-safe.
#pragma once

#include <filesystem>

#include "absl/status/statusor.h"

namespace ruyi {

struct ModelFolder {
  std::filesystem::path transformer;       // folder: config.json and diffusion_pytorch_model weights
  std::filesystem::path vae;               // folder: config.json and diffusion_pytorch_model weights
  std::filesystem::path image_encoder;     // folder: config.json, preprocessor_config.json and model weights
  std::filesystem::path scheduler_config;  // file: scheduler/scheduler_config.json
  std::filesystem::path embeddings;        // file: embeddings.safetensors, the encoded prompts

  // Returns the parts of the model in `root`. NOT_FOUND: `root` is no folder, or files that every model has are
  // missing; the message names them all. Weights are looked for by WeightStore, as one file or as shards. Blocks on the
  // disk.
  static absl::StatusOr<ModelFolder> Open(const std::filesystem::path& root);
};

}  // namespace ruyi
