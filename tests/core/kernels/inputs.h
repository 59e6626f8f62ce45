// Makes tensors for the tests of core/kernels, the same in every run. Functions without state.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "core/kernels/norm.h"
#include "core/tensor/random_streams.h"

namespace ruyi {

// Returns numbers about `mean`; another `seed` gives others.
inline at::Tensor RandomNumbers(at::IntArrayRef shape, c10::ScalarType type, uint64_t seed = 1, double mean = 0.5) {
  return (*RandomStreams(seed).Normal(NoisePurpose::kInitialLatents, shape) + mean).to(type);
}

inline kernels::NormParameters RandomNorm(int64_t width, c10::ScalarType type) {
  return {.weight = RandomNumbers({width}, type, 2, 1), .bias = RandomNumbers({width}, type, 3, 0), .eps = 1e-3};
}

// Returns the tolerance for the types that models compute in: the error that one rounding at the end, or two with
// something between them, may leave.
inline double ToleranceOf(c10::ScalarType type) {
  return type == at::kFloat ? 4e-6 : 3e-2;
}

}  // namespace ruyi
