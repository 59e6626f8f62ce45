// Says how alike two tensors or two pictures are. Before it: quality_bench.cc. After it: the report. Functions without
// state; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/media/rgb_image.h"

namespace ruyi::bench {

// Returns the cosine of the angle between two tensors of the same shape, taken as vectors: 1 where they are alike.
double Cosine(const at::Tensor& a, const at::Tensor& b);

// Returns the decibels of the peak signal-to-noise ratio of a mean squared error; infinite where that is 0.
double Psnr(double peak, double mean_squared_error);

// Returns the PSNR of `other`, of the same shape; the peak is the range of the numbers of `baseline`.
double LatentsPsnr(const at::Tensor& baseline, const at::Tensor& other);

// Returns the mean squared error of a picture of the same size, in steps of 8 bits.
double MeanSquaredError(const RgbImage& baseline, const RgbImage& other);

}  // namespace ruyi::bench
