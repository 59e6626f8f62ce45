// Holds what every stage of one generation shares beside the spec: pictures, whether to go on and whom to tell (the
// control), and where noise comes from. Before it: ruyi_pipeline.h, which makes one for each attempt. Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "core/pipeline/run_control.h"
#include "core/pipeline/ruyi/conditioning_clip.h"
#include "core/pipeline/ruyi/constant_moments.h"
#include "core/pipeline/ruyi/stage_meter.h"
#include "core/pipeline/ruyi/step_preview.h"
#include "core/tensor/noise_source.h"

namespace ruyi {

// Sees the tensors that go from stage to stage, for parity runs and measurements. Functions may be empty.
struct RunObserver {
  std::function<void(const ConditioningClip&)> on_clip;
  std::function<void(const at::Tensor&)> on_latents;  // after each step: [1, channels, f, h, w]
  std::function<void(const at::Tensor&)> on_frames;   // of each decoder chunk: [3, n, H, W] in [0, 1]
};

// Everything that the context refers to must outlive the run.
struct RunContext {
  RunControl& control;
  NoiseSource& noise;
  const RunObserver& observer;
  StageMeter* meter = nullptr;           // may be null
  ConstantMoments* constants = nullptr;  // may be null: every chunk is encoded
  StepPreview* preview = nullptr;        // may be null: no previews are made
  bool branches_in_turn = false;         // see MemoryMode
};

// Says which stage of the run begins.
inline void EnterStage(const RunContext& run, Stage stage) {
  if (run.meter != nullptr)
    run.meter->Enter(stage);
}

}  // namespace ruyi
