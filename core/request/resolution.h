// Chooses the size of a video from the shape of its picture and a base resolution, by aspect buckets. Before it: a
// request without a size. After it: core/request/validate. A function without state; thread-safe.
#pragma once

#include "core/media/pixel_size.h"

namespace ruyi {

// Returns the bucket of the reference's 512 table whose height/width is closest to the picture's, scaled by
// base_resolution / 512, both sides floored to a multiple of 16. `image` and `base_resolution` must be positive.
// Source: Ruyi-Models, predict_i2v.py and ruyi/data/bucket_sampler.py (ASPECT_RATIO_512, get_closest_ratio).
PixelSize BucketSize(PixelSize image, int base_resolution);

}  // namespace ruyi
