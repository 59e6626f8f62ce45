// Any bytes given as a picture.
#include <cstdlib>

#include "core/media/opencv/opencv_image_decoder.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ruyi::ImageLimits limits{.max_bytes = 1 << 20, .max_pixels = 1 << 16};
  const ruyi::OpencvImageDecoder decoder;
  const auto image = decoder.Decode(std::string_view(reinterpret_cast<const char*>(data), size), limits);
  if (image.ok() && int64_t{image->width} * image->height > limits.max_pixels) {
    std::abort();  // the limit holds for what comes out, whatever the header said
  }
  return 0;
}
