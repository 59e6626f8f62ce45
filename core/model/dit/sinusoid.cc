#include "core/model/dit/sinusoid.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>

#include <cmath>

namespace ruyi {
namespace {

const double kLogMaxPeriod = std::log(10000.0);

}  // namespace

at::Tensor TimestepSinusoid(const at::Tensor& values, int64_t width) {
  const int64_t half = width / 2;
  const at::Tensor steps = at::arange(half, values.options().dtype(at::kFloat));
  const at::Tensor angles = values.to(at::kFloat).unsqueeze(1) * at::exp(steps * -kLogMaxPeriod / half);
  return at::cat({at::cos(angles), at::sin(angles)}, 1);
}

at::Tensor FrameSinusoid(int64_t frames, int64_t width) {
  const at::Tensor steps = at::arange(0, width, 2, at::kFloat);
  const at::Tensor frequencies = at::exp(steps * (-kLogMaxPeriod / static_cast<double>(width)));
  const at::Tensor angles = at::arange(frames, at::kFloat).unsqueeze(1) * frequencies;
  return at::stack({at::sin(angles), at::cos(angles)}, 2).flatten(1);
}

}  // namespace ruyi
