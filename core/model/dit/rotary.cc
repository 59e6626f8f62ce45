#include "core/model/dit/rotary.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/polar.h>
#include <ATen/ops/pow.h>

#include <cmath>

namespace ruyi {
namespace {

constexpr double kTheta = 10000.0;

// The places of `count` tokens along one side: they lie evenly in [start, start + length).
struct Span {
  int64_t start = 0;
  int64_t length = 0;
};

// Rounds half to even, as Python does.
int64_t Round(double value) {
  return static_cast<int64_t>(std::nearbyint(value));
}

Span Centred(int64_t length, int64_t base) {
  return {.start = Round(static_cast<double>(base - length) / 2.0), .length = length};
}

// [count] float32
at::Tensor Places(const Span& span, int64_t count) {
  const at::Tensor index = at::arange(count, at::kDouble);
  return (index * (static_cast<double>(span.length) / static_cast<double>(count)) + span.start).to(at::kFloat);
}

// Angles [places, pairs] float32
at::Tensor Angles(const at::Tensor& places, int64_t pairs) {
  const at::Tensor exponents = at::arange(0, 2 * pairs, 2, at::kFloat) / (2 * pairs);
  return places.unsqueeze(1) * at::pow(kTheta, exponents).reciprocal();
}

}  // namespace

at::Tensor RotaryTable(const TokenGrid& grid, int64_t head_dim, int64_t base) {
  const double ratio = static_cast<double>(base) / static_cast<double>(std::max(grid.height, grid.width));
  const bool tall = grid.height > grid.width;
  const int64_t shorter = Round(ratio * static_cast<double>(tall ? grid.width : grid.height));
  const at::Tensor rows = Places(Centred(tall ? base : shorter, base), grid.height);
  const at::Tensor columns = Places(Centred(tall ? shorter : base, base), grid.width);
  const int64_t pairs = head_dim / 4;
  const at::Tensor angles = at::cat({Angles(columns, pairs).unsqueeze(0).expand({grid.height, grid.width, pairs}),
                                     Angles(rows, pairs).unsqueeze(1).expand({grid.height, grid.width, pairs})},
                                    2)
                                .flatten(0, 1);
  return at::polar(at::ones_like(angles), angles);
}

}  // namespace ruyi
