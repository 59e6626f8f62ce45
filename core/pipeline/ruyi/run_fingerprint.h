// Lists everything that decides the numbers of a run, beside its noise and the device, as named numbers. A checkpoint
// carries this fingerprint, so that no run goes on with the latents of another one. Before it: a spec, the models.
// After it: saved_run.h. A function without state; thread-safe.
#pragma once

#include "core/pipeline/ruyi/models.h"
#include "core/plan/video_spec.h"
#include "core/tensor/tensor_state.h"

namespace ruyi {

// Returns lists of int64, each under the name of what it describes ("spec.steps", "model.dtype"). Memory modes,
// previews and the encoding of the video are left out: they change no frame. Weights and LoRAs are known by their
// shapes and names, not by their numbers.
TensorState FingerprintOf(const RuyiModels& models, const VideoSpec& spec);

}  // namespace ruyi
