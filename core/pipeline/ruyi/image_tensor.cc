#include "core/pipeline/ruyi/image_tensor.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>

namespace ruyi {

at::Tensor TensorOf(const RgbImage& image) {
  // from_blob takes no const pointer; the copy below only reads.
  auto* pixels = const_cast<uint8_t*>(image.pixels.data());
  return at::from_blob(pixels, {image.height, image.width, 3}, at::kByte).permute({2, 0, 1}).contiguous();
}

at::Tensor PixelsOf(const at::Tensor& frames) {
  return (frames.to(at::kFloat) * 255).to(at::kByte).permute({1, 2, 3, 0}).contiguous();
}

RgbImage ImageOf(const at::Tensor& pixels) {
  const uint8_t* data = pixels.const_data_ptr<uint8_t>();
  return {.width = static_cast<int>(pixels.size(1)),
          .height = static_cast<int>(pixels.size(0)),
          .pixels = std::vector<uint8_t>(data, data + pixels.numel())};
}

}  // namespace ruyi
