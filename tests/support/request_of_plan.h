// The request that asks for what a plan has. Before it: a plan of a test or a benchmark. After it: the planner. A
// function without state.
#pragma once

#include "core/plan/generation_plan.h"
#include "core/request/validate.h"

namespace ruyi {

// With the plan's pictures, size, length, steps, guidance and seed; everything else by default.
inline ValidatedRequest RequestOf(const GenerationPlan& plan) {
  ValidatedRequest request;
  request.start_images = plan.start_images;
  request.resolution = plan.size;
  request.frame_count = plan.frame_count;
  request.steps = plan.steps;
  request.guidance_scale = plan.guidance_scale;
  request.clip_apply_ratio = plan.clip_apply_ratio;
  request.seed = plan.seed;
  return request;
}

}  // namespace ruyi
