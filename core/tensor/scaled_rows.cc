#include "core/tensor/scaled_rows.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <vector>

namespace ruyi {
namespace {

constexpr int64_t kNumbersAtOnce = int64_t{4} << 20;  // in float32, so that a large matrix needs no copies of its size

// Rounds rows [n, width] into `data`, and their scales into `scale` [n, 1].
void ScaleSome(const at::Tensor& rows, const at::Tensor& data, const at::Tensor& scale) {
  const at::Tensor wide = rows.to(at::kFloat);
  const at::Tensor largest = at::amax(at::abs(wide), -1, /*keepdim=*/true);
  scale.copy_(at::where(largest.lt(kLeastRow), 1.0F, largest / kLargestE4m3));
  data.copy_(wide * at::reciprocal(scale));
}

}  // namespace

ScaledRows EmptyRows(at::IntArrayRef sizes, const at::TensorOptions& options) {
  std::vector<int64_t> of_scale = sizes.vec();
  of_scale.back() = 1;
  return {.data = at::empty(sizes, options.dtype(at::kFloat8_e4m3fn)),
          .scale = at::empty(of_scale, options.dtype(at::kFloat))};
}

ScaledRows ScaleRows(const at::Tensor& x) {
  const ScaledRows out = EmptyRows(x.sizes(), x.options());
  if (x.is_meta() || x.numel() == 0)
    return out;
  const int64_t width = x.size(-1);
  const at::Tensor rows = x.reshape({-1, width});
  const at::Tensor data = out.data.view({-1, width});
  const at::Tensor scale = out.scale.view({-1, 1});
  const int64_t at_once = std::max<int64_t>(1, kNumbersAtOnce / width);
  for (int64_t first = 0; first < rows.size(0); first += at_once) {
    const int64_t count = std::min(at_once, rows.size(0) - first);
    ScaleSome(rows.narrow(0, first, count), data.narrow(0, first, count), scale.narrow(0, first, count));
  }
  return out;
}

// Every type of more bits has the numbers of e4m3 exactly.
at::Tensor Widened(const ScaledRows& rows, c10::ScalarType type) {
  at::Tensor wide = rows.data.to(type);
  return rows.scale.defined() ? wide.mul_(rows.scale) : wide;
}

}  // namespace ruyi
