// Says what is known of the video: the given pictures at their frames, and which frames the model has to invent. Before
// it: the spec and its pictures. After it: conditioner.h encodes it. A value. Source: get_image_to_video_latent of
// Ruyi-Models; several end pictures, which fail there, take the last frames in their order.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/media/rgb_image.h"
#include "core/plan/video_spec.h"

namespace ruyi {

struct ConditioningClip {
  static constexpr int kUnknown = -1;

  std::vector<RgbImage> images;  // start pictures, then end pictures, in the video's size
  std::vector<int> frames;       // per frame: index into `images`, or kUnknown

  // Returns the frames [begin, begin + count) as the autoencoder takes them, [1, 3, count, H, W] float32: pictures in
  // [-1, 1], unknown frames all -1.
  at::Tensor Pictures(int64_t begin, int64_t count) const;

  // Returns the same frames of the mask: given frames 0, unknown frames 1.
  at::Tensor Mask(int64_t begin, int64_t count) const;
};

// Makes the clip: start pictures take the first frames, end pictures the last. There are at most as many pictures as
// frames. `pictures` are those of the spec, see RunControl.
ConditioningClip MakeConditioningClip(const VideoSpec& spec, const std::vector<RgbImage>& pictures);

}  // namespace ruyi
