// Turns noise into the latents of the video, step by step. Before it: conditioner.h. After it: frame_decoder.h.
// Functions without state; thread-safe. Source: RuyiInpaintPipeline of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "absl/status/statusor.h"
#include "core/pipeline/ruyi/conditioner.h"
#include "core/pipeline/ruyi/models.h"
#include "core/pipeline/ruyi/run_context.h"
#include "core/pipeline/ruyi/saved_run.h"
#include "core/plan/video_spec.h"

namespace ruyi {

// Returns the latents [1, channels, f, h, w], float32 in the transformer's scale. Begins with noise, or where `saved`
// left off; `conditions` may be empty when the saved run had finished denoising. Polls the token before each step, and
// after each tells the control of progress, a preview and a checkpoint where one is wanted. Returns the token's status,
// an error of the noise source or of the checkpoint sink, INVALID_ARGUMENT from the sampler, DATA_LOSS: `saved` is not
// of such a run, or INTERNAL with the reason NOT_FINITE: a number overflowed.
absl::StatusOr<at::Tensor> Denoise(const RuyiModels& models, const VideoSpec& spec, const Conditions& conditions,
                                   RunContext& run, std::optional<SavedRun> saved = std::nullopt);

}  // namespace ruyi
