// Loads and holds the parts of a model, which belong together. Before it: the model folder. After it: conditioner.h,
// denoise_loop.h, ruyi_pipeline.h. Immutable after loading; thread-safe.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/clip_vision/clip_vision_model.h"
#include "core/model/dit/dit.h"
#include "core/model/vae/vae.h"
#include "core/pipeline/ruyi/clip_preprocessor.h"
#include "core/pipeline/ruyi/control_embeddings.h"
#include "core/plan/latent_shape.h"
#include "core/request/generation_request.h"
#include "core/sampler/sampler_config.h"
#include "core/tensor/tensor_placement.h"

namespace ruyi {

struct RuyiModels {
  TensorPlacement placement;
  Fp8Settings fp8;  // of the transformer's weights
  ClipPreprocessor clip_preprocessor;
  ClipVisionModel clip_vision;
  Dit dit;
  std::optional<c10::Device> partner_device;  // another device, if there is one, for the second branch of guidance
  std::optional<Dit> partner;                 // the transformer on that device, once it is placed
  Vae vae;
  ControlEmbeddings embeddings;
  SamplerConfig sampler;
  std::vector<std::string> unused_names;  // in the files, but no part of the model

  LatentGeometry geometry() const;

  // Checks that the files are as they were. FAILED_PRECONDITION with reason MODEL_CHANGED: a file whose memory the
  // parts share was written to since it was loaded. Blocks on the disk for a moment.
  absl::Status CheckFiles() const;
};

// Reads a model in the layout of Ruyi-Mini-7B. `transformer_device`: where the transformer lies, when not with the
// other parts; its parameters then have the types of the files, whose mappings they share in the host's memory, and it
// computes once Dit::With has placed it. Errors: those of ModelFolder and of the parts' Load; FAILED_PRECONDITION:
// parts that do not fit each other. Blocks on the disk.
absl::StatusOr<RuyiModels> LoadRuyiModels(const std::filesystem::path& folder, const TensorPlacement& placement,
                                          const Fp8Settings& fp8 = {},
                                          std::optional<c10::Device> transformer_device = std::nullopt);

}  // namespace ruyi
