// Resizes pictures to the byte as the reference does, which uses Pillow: bicubic with antialiasing, in two passes with
// fixed-point weights and an 8-bit picture between them. Before it: decoded pictures. After it: a video's pictures, in
// core/request/validate, and what CLIP sees, in core/pipeline. Thread-safe. Source: Pillow 13, Resample.c; Keys 1981
// (cubic convolution, a = -0.5).
#pragma once

#include "core/media/pixel_size.h"
#include "core/media/rgb_image.h"

namespace ruyi {

// Returns `image` resized to `size`; both must have at least one pixel. A picture that has that size already is
// returned as it is.
RgbImage ResizeLikePillow(const RgbImage& image, const PixelSize& size);

}  // namespace ruyi
