// Turns pictures and prompts into the conditions of the transformer. Before it: the spec and its pictures. After it:
// denoise_loop.h. Parts of the conditioning clip that are equal are encoded once. Functions without state; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "core/model/dit/dit.h"
#include "core/pipeline/ruyi/models.h"
#include "core/pipeline/ruyi/run_context.h"
#include "core/plan/video_spec.h"

namespace ruyi {

struct Conditions {
  DitConditions dit;
  at::Tensor inpaint_latents;  // [1, 2 * channels, f, h, w] float32: of the mask, then of the pictures
};

// Computes the conditions. Polls the token before each tile of each encoder chunk. Returns the token's status, or an
// error of the noise source.
absl::StatusOr<Conditions> Condition(const RuyiModels& models, const VideoSpec& spec, RunContext& run);

}  // namespace ruyi
