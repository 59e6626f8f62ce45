// Measures how far an output is from the golden one. Before it: case_run.h. After it: the runner's verdict.
// Thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace ruyi::golden {

struct Difference {
  double error = 0;     // max|ours - golden| / max|golden| in float64; infinite when the two cannot be compared
  std::string problem;  // why they cannot be compared: other shapes, NaN; empty when they can
};

// Integer outputs that are not equal have an infinite error. NaN or infinity on either side is a problem. When all of
// `golden` is 0, the error is 0 or infinite.
Difference Compare(const at::Tensor& ours, const at::Tensor& golden);

}  // namespace ruyi::golden
