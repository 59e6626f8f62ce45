// Noise → latents of the video, step by step. Before it: conditioner.h. After it: frame_decoder.h. Functions without
// state; thread-safe. Source: RuyiInpaintPipeline of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "core/pipeline/ruyi/conditioner.h"
#include "core/pipeline/ruyi/models.h"
#include "core/pipeline/ruyi/run_context.h"
#include "core/plan/generation_plan.h"

namespace ruyi {

// [1, channels, f, h, w] float32 in the transformer's scale. Polls the token before each step; its status, an error of
// the noise source, INVALID_ARGUMENT from the sampler, or INTERNAL with reason NOT_FINITE: a number overflowed.
absl::StatusOr<at::Tensor> Denoise(const RuyiModels& models, const GenerationPlan& plan, const Conditions& conditions,
                                   RunContext& run);

}  // namespace ruyi
