// Finds the constants of the cost model by making small videos. Before it: ruyi_pipeline.h, when it is warm. After it:
// core/plan/cost_model. Functions without state.
#pragma once

#include <c10/core/Device.h>

#include <vector>

#include "core/plan/calibration.h"
#include "core/plan/generation_plan.h"
#include "core/plan/model_facts.h"
#include "core/request/limits.h"

namespace ruyi {

// A video that was made, and what it took.
struct CalibrationRun {
  GenerationPlan plan;
  MemoryMode mode;
  StageCosts costs;
};

// The plans to measure, from small to large: without guidance, of the model's own sizes, none larger than the limits.
std::vector<GenerationPlan> CalibrationPlans(const RequestLimits& limits, const LatentGeometry& geometry);

// Curves through what the runs took on a device with that upload (see MeasureUpload). Steps that wait for streamed
// weights say nothing of the time of a pass: longer videos do. At least one run.
Calibration FitCalibration(const ModelFacts& facts, const std::vector<CalibrationRun>& runs,
                           double upload_bytes_per_second);

// Bytes per second from the host's pinned memory to `device`; 0 on a CPU.
double MeasureUpload(c10::Device device);

}  // namespace ruyi
