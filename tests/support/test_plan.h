// A small valid request and a small valid plan, for a test to change. Values; thread-safe.
#pragma once

#include "core/plan/generation_plan.h"
#include "core/request/generation_request.h"
#include "tests/support/grey_image.h"

namespace ruyi {

// Valid for the default RequestLimits and FakeImageDecoder; everything but the picture is left to the defaults.
inline GenerationRequest TestRequest() {
  GenerationRequest request;
  request.start_images = {"image 64x64"};
  return request;
}

// Eight frames of 64x32 pixels in three steps.
inline GenerationPlan TestPlan() {
  GenerationPlan plan;
  plan.size = {.width = 64, .height = 32};
  plan.start_images = {GreyImage(plan.size)};
  plan.frame_count = 8;
  plan.frames_per_second = 24;
  plan.latents = {.channels = 16, .frames = 2, .height = 4, .width = 8};
  plan.steps = 3;
  plan.guidance_scale = 7.0;
  plan.seed = 1;
  return plan;
}

}  // namespace ruyi
