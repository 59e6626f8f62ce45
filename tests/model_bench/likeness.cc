#include "tests/model_bench/likeness.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>

#include <cmath>
#include <limits>

namespace ruyi::bench {
namespace {

double Dot(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) * b.to(at::kDouble)).sum().item<double>();
}

}  // namespace

double Cosine(const at::Tensor& a, const at::Tensor& b) {
  return Dot(a, b) / std::sqrt(Dot(a, a) * Dot(b, b));
}

double Psnr(double peak, double mean_squared_error) {
  if (mean_squared_error == 0)
    return std::numeric_limits<double>::infinity();
  return 10 * std::log10(peak * peak / mean_squared_error);
}

double LatentsPsnr(const at::Tensor& baseline, const at::Tensor& other) {
  const at::Tensor error = other - baseline;
  const double range = (baseline.max() - baseline.min()).item<double>();
  return Psnr(range, Dot(error, error) / static_cast<double>(error.numel()));
}

double MeanSquaredError(const RgbImage& baseline, const RgbImage& other) {
  double sum = 0;
  for (size_t i = 0; i < baseline.pixels.size(); ++i) {
    const double error = static_cast<double>(baseline.pixels[i]) - other.pixels[i];
    sum += error * error;
  }
  return sum / static_cast<double>(baseline.pixels.size());
}

}  // namespace ruyi::bench
