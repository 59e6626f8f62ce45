// What every stage of one generation shares beside its data: whether to go on, whom to tell, and where noise comes
// from. Before it: ruyi_pipeline.h makes one per call. Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "core/base/cancellation.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/ruyi/conditioning_clip.h"
#include "core/pipeline/ruyi/constant_moments.h"
#include "core/pipeline/ruyi/stage_meter.h"
#include "core/tensor/noise_source.h"

namespace ruyi {

// Sees what goes from stage to stage, for parity runs and measurements. Functions may be empty.
struct RunObserver {
  std::function<void(const ConditioningClip&)> on_clip;
  std::function<void(const at::Tensor&)> on_latents;  // after each step: [1, channels, f, h, w]
  std::function<void(const at::Tensor&)> on_frames;   // of each decoder chunk: [3, n, H, W] in [0, 1]
};

// Everything that it refers to must outlive the run.
struct RunContext {
  const CancellationToken& token;
  ProgressSink& progress;
  NoiseSource& noise;
  const RunObserver& observer;
  StageMeter* meter = nullptr;           // may be null
  ConstantMoments* constants = nullptr;  // may be null: every chunk is encoded
  bool branches_in_turn = false;         // see MemoryMode
};

// Says which stage of the run begins.
inline void EnterStage(const RunContext& run, Stage stage) {
  if (run.meter != nullptr)
    run.meter->Enter(stage);
}

}  // namespace ruyi
