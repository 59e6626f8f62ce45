// Rows of numbers in 8 bits, each with a scale of its own that brings its largest number to the largest of the type.
// Before it: weights (core/weights) and activations (core/kernels). After it: the scaled product of
// core/kernels/linear.h. Functions without state; thread-safe. Source: Micikevicius et al. 2022 (FP8 formats).
#pragma once

#include <ATen/core/Tensor.h>

namespace ruyi {

// Stands for data × scale.
struct ScaledRows {
  at::Tensor data;   // float8_e4m3fn, [..., n]
  at::Tensor scale;  // float32, [..., 1]
};

inline constexpr float kLargestE4m3 = 448;

// Rows whose largest number is below it become zeros: the inverse of their scale would be no finite number.
inline constexpr float kLeastRow = 1e-30F;

// Returns rows of `sizes` whose numbers and scales are still to be written.
ScaledRows EmptyRows(at::IntArrayRef sizes, const at::TensorOptions& options);

// Rounds the rows of x [..., n] of any floating-point type, in float32: the scale of a row is its largest magnitude /
// kLargestE4m3, or 1 for a row of zeros. A row with a number that is not finite has NaN. A tensor of the device "meta"
// gives the shapes alone.
ScaledRows ScaleRows(const at::Tensor& x);

// Returns the rows as numbers of `type`, rounded once. Without a scale they are what `data` says.
at::Tensor Widened(const ScaledRows& rows, c10::ScalarType type);

}  // namespace ruyi
