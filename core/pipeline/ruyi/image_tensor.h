// Between pictures and tensors. Before it: pictures of the plan, decoded frames. After it: the models; the frame sink.
// Functions without state; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/media/rgb_image.h"

namespace ruyi {

// [3, height, width] uint8, of its own memory.
at::Tensor TensorOf(const RgbImage& image);

// Frames [3, n, height, width] of [0, 1], any float type and device → [n, height, width, 3] uint8 there, contiguous.
// Fractions are cut off, as the reference does.
at::Tensor PixelsOf(const at::Tensor& frames);

// One picture [height, width, 3] uint8, contiguous, on the CPU.
RgbImage ImageOf(const at::Tensor& pixels);

}  // namespace ruyi
