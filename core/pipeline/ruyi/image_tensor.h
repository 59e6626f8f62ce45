// Converts pictures to tensors and back. Before it: pictures of a request, decoded frames. After it: the models; the
// frame sink. Functions without state; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/media/rgb_image.h"

namespace ruyi {

// Returns the picture as [3, height, width] uint8, in memory of its own.
at::Tensor TensorOf(const RgbImage& image);

// Turns frames [3, n, height, width] in [0, 1], of any float type and device, into [n, height, width, 3] uint8 on the
// same device, contiguous. Fractions are cut off, as the reference does.
at::Tensor PixelsOf(const at::Tensor& frames);

// Returns the picture of [height, width, 3] uint8, which must be contiguous and on the CPU.
RgbImage ImageOf(const at::Tensor& pixels);

}  // namespace ruyi
