// A video for the golden models: 32 × 32 pixels in one step, from one start picture. A value; thread-safe.
#pragma once

#include "tests/support/noisy_image.h"
#include "tests/support/video_input.h"

namespace ruyi {

inline VideoInput SmallVideo(int frame_count = 8) {
  VideoInput video;
  VideoSpec& spec = video.spec;
  spec.size = {.width = 32, .height = 32};
  spec.frame_count = frame_count;
  spec.frames_per_second = 24;
  spec.latents = {.channels = 16, .frames = frame_count / 4, .height = 4, .width = 4};
  spec.steps = 1;
  spec.guidance_scale = 2.0;
  spec.clip_apply_ratio = 0.4;
  spec.seed = 42;
  video.SetPictures({NoisyImage(spec.size)}, {});
  return video;
}

}  // namespace ruyi
