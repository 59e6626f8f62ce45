// Goes on when a device's memory runs out: the video is begun anew in the placement's next smaller mode. Before it: a
// Pipeline's Generate. After it: one attempt for each mode. A function without state; thread-safe.
#pragma once

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "core/pipeline/frame_sink.h"
#include "core/pipeline/pipeline.h"
#include "core/plan/placement.h"

namespace ruyi {

struct StepDown {
  // Makes the whole video in a mode and returns what its stages took. After RESOURCE_EXHAUSTED with the reason
  // GPU_OUT_OF_MEMORY the device must be clean again.
  absl::FunctionRef<absl::StatusOr<StageCosts>(const Prediction& mode, FrameSink& frames)> attempt;

  // Returns the bytes that the device has for a video, see Pipeline::AvailableMemory. It is asked before each retry:
  // modes that take more are passed over, but for the smallest.
  absl::FunctionRef<int64_t()> available_bytes;
};

// Tries the placement's mode, then its fallbacks, and tells `progress` of each retry. All modes make the same frames:
// those that `frames` has been given are not given again. RESOURCE_EXHAUSTED GPU_OUT_OF_MEMORY, naming all modes that
// were tried: the last one did not fit either. Else the first error of an attempt.
absl::StatusOr<GenerationReport> GenerateWithStepDown(const Placement& placement, const StepDown& step_down,
                                                      ProgressSink& progress, FrameSink& frames);

}  // namespace ruyi
