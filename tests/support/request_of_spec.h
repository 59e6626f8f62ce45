// The request that asks for what a spec has. Before it: a spec of a test or a benchmark. After it: the planner. A
// function without state.
#pragma once

#include <utility>
#include <vector>

#include "core/plan/video_spec.h"
#include "core/request/validate.h"

namespace ruyi {

// Returns a request with the spec's size, length, steps, guidance, memory and seed, and with start pictures; everything
// else has its default.
inline ValidatedRequest RequestOf(const VideoSpec& spec, std::vector<RgbImage> pictures = {}) {
  ValidatedRequest request;
  for (RgbImage& picture : pictures)
    request.start_pictures.push_back({.pixels = std::move(picture), .source_sha256 = "", .pixels_sha256 = ""});
  request.size = spec.size;
  request.frame_count = spec.frame_count;
  request.steps = spec.steps;
  request.guidance_scale = spec.guidance_scale;
  request.clip_apply_ratio = spec.clip_apply_ratio;
  request.memory = spec.memory;
  request.seed = spec.seed;
  return request;
}

}  // namespace ruyi
