// Aspect buckets: which pixel size a picture of some shape gets at a base resolution. Thread-safe.
#pragma once

#include "core/request/generation_request.h"

namespace ruyi {

// The bucket of the reference's 512 table whose height/width is closest to the picture's, scaled by
// base_resolution / 512, both sides floored to a multiple of 16. `image` and `base_resolution` must be positive.
// Source: Ruyi-Models, predict_i2v.py and ruyi/data/bucket_sampler.py (ASPECT_RATIO_512, get_closest_ratio).
PixelSize BucketSize(PixelSize image, int base_resolution);

}  // namespace ruyi
