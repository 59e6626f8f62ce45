// Finds the constants of the cost model by making small videos. Before it: ruyi_pipeline.h, when it is warm. After it:
// core/plan/cost_model. Functions without state.
#pragma once

#include <c10/core/Device.h>

#include <cstddef>
#include <vector>

#include "core/plan/calibration.h"
#include "core/plan/memory_mode.h"
#include "core/plan/model_facts.h"
#include "core/plan/prediction.h"
#include "core/plan/video_spec.h"
#include "core/request/limits.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// A video that was made, and the time and memory that it took.
struct CalibrationRun {
  VideoSpec spec;
  MemoryMode mode;
  StageCosts costs;
};

// Returns the specs of the videos to measure, from small to large: they have one picture, no guidance and sizes that
// the model makes, none larger than the limits.
std::vector<VideoSpec> CalibrationSpecs(const RequestLimits& limits, const LatentGeometry& geometry);

// Returns those of `specs` to measure with the autoencoder in slabs, when the first `measured` have been measured
// without: two of them, with fewer steps, for what encoding and decoding take, and all that were too large.
std::vector<VideoSpec> SlabSpecs(const std::vector<VideoSpec>& specs, size_t measured);

// Fits curves to the time and memory that the runs took on a device with that upload (see MeasureUpload). Steps that
// wait for streamed weights say nothing about the time of a pass; longer videos do. There must be at least one run.
Calibration FitCalibration(const ModelFacts& facts, const std::vector<CalibrationRun>& runs,
                           double upload_bytes_per_second);

// Returns how many bytes a second go from the host's pinned memory to `device`; 0 on a CPU.
double MeasureUpload(c10::Device device);

// Measures how many bytes of `weights`, which lie in the host's memory and have been read before, go to `device` and
// into pinned memory in a second, and how many of that can be pinned. Changes nothing on a CPU. Throws OutOfHostMemory,
// c10::OutOfMemoryError.
void MeasurePlacing(const Parameters& weights, c10::Device device, Calibration& calibration);

}  // namespace ruyi
