// Resizes pictures to the byte as the reference does, which uses Pillow: bicubic with antialiasing, in two passes with
// fixed-point weights and an 8-bit picture between them. Before it: the plan's pictures. After it: conditioning_clip.h,
// clip_preprocessor.h. Thread-safe. Source: Pillow 13, Resample.c; Keys 1981 (cubic convolution,
// a = -0.5).
#pragma once

#include "core/media/rgb_image.h"
#include "core/request/generation_request.h"

namespace ruyi {

// `image` in `size`; both must have at least one pixel. A picture that has that size already is returned as it is.
RgbImage ResizeLikePillow(const RgbImage& image, const PixelSize& size);

}  // namespace ruyi
