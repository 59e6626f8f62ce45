#include "core/media/pillow_resize.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace ruyi {
namespace {

constexpr int kPrecisionBits = 32 - 8 - 2;
constexpr double kSupport = 2.0;
constexpr int kChannels = 3;

double Cubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1.0)
    return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1.0;
  return x < 2.0 ? (((x - 5.0) * x + 8.0) * x - 4.0) * kA : 0.0;
}

// Says which input pixels make one output pixel, and with what fixed-point weights.
struct Taps {
  int first = 0;
  std::vector<int32_t> weights;
};

int32_t ToFixedPoint(double weight) {
  const double scaled = weight * (1 << kPrecisionBits);
  return static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

Taps TapsOf(int output, double scale, int input_size) {
  const double filter_scale = std::max(scale, 1.0);
  const double support = kSupport * filter_scale;
  const double center = (output + 0.5) * scale;
  const int first = std::max(static_cast<int>(center - support + 0.5), 0);
  const int last = std::min(static_cast<int>(center + support + 0.5), input_size);
  std::vector<double> weights;
  double sum = 0;
  for (int i = first; i < last; ++i) {
    weights.push_back(Cubic((i - center + 0.5) * (1.0 / filter_scale)));
    sum += weights.back();
  }
  Taps taps = {.first = first};
  for (const double weight : weights)
    taps.weights.push_back(ToFixedPoint(sum != 0 ? weight / sum : weight));
  return taps;
}

std::vector<Taps> AllTaps(int input_size, int output_size) {
  std::vector<Taps> taps;
  const double scale = static_cast<double>(input_size) / output_size;
  for (int i = 0; i < output_size; ++i)
    taps.push_back(TapsOf(i, scale, input_size));
  return taps;
}

// The weighted sum of pixels `step` bytes apart.
uint8_t Apply(const Taps& taps, const uint8_t* pixels, size_t step) {
  int32_t sum = 1 << (kPrecisionBits - 1);
  for (const int32_t weight : taps.weights) {
    sum += *pixels * weight;
    pixels += step;
  }
  return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

RgbImage ResizeRows(const RgbImage& image, int width) {
  RgbImage out = {.width = width, .height = image.height};
  out.pixels.resize(out.row_bytes() * out.height);
  const std::vector<Taps> taps = AllTaps(image.width, width);
  uint8_t* target = out.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* row = image.pixels.data() + y * image.row_bytes();
    for (const Taps& tap : taps) {
      for (int channel = 0; channel < kChannels; ++channel)
        *target++ = Apply(tap, row + tap.first * kChannels + channel, kChannels);
    }
  }
  return out;
}

RgbImage ResizeColumns(const RgbImage& image, int height) {
  RgbImage out = {.width = image.width, .height = height};
  out.pixels.resize(out.row_bytes() * out.height);
  uint8_t* target = out.pixels.data();
  for (const Taps& tap : AllTaps(image.height, height)) {
    const uint8_t* row = image.pixels.data() + tap.first * image.row_bytes();
    for (size_t x = 0; x < image.row_bytes(); ++x)
      *target++ = Apply(tap, row + x, image.row_bytes());
  }
  return out;
}

// Pillow 13 begins with the height when that leaves less to do; the order changes the rounding between the passes.
bool StartsWithColumns(const RgbImage& image, const PixelSize& size) {
  return size.height < image.height && 2 * (image.width - size.width) < image.height - size.height;
}

}  // namespace

RgbImage ResizeLikePillow(const RgbImage& image, const PixelSize& size) {
  if (image.width == size.width && image.height == size.height)
    return image;
  if (image.width == size.width)
    return ResizeColumns(image, size.height);
  if (image.height == size.height)
    return ResizeRows(image, size.width);
  return StartsWithColumns(image, size) ? ResizeRows(ResizeColumns(image, size.height), size.width)
                                        : ResizeColumns(ResizeRows(image, size.width), size.height);
}

}  // namespace ruyi
