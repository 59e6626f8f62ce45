// A plan for the golden models: 32 × 32 pixels in one step. A value; thread-safe.
#pragma once

#include "core/plan/generation_plan.h"
#include "tests/core/pipeline/test_pictures.h"

namespace ruyi {

inline GenerationPlan SmallPlan(int frame_count = 8) {
  GenerationPlan plan;
  plan.size = {.width = 32, .height = 32};
  plan.start_images = {NoisyImage(plan.size)};
  plan.frame_count = frame_count;
  plan.frames_per_second = 24;
  plan.latents = {.channels = 16, .frames = frame_count / 4, .height = 4, .width = 4};
  plan.steps = 1;
  plan.guidance_scale = 2.0;
  plan.clip_apply_ratio = 0.4;
  plan.seed = 42;
  return plan;
}

}  // namespace ruyi
