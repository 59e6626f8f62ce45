#include "tests/golden/compare.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/max.h>

#include <limits>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace ruyi::golden {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

double MaxAbs(const at::Tensor& x) {
  return x.numel() == 0 ? 0.0 : x.abs().max().item<double>();
}

bool AllFinite(const at::Tensor& x) {
  return x.isfinite().all().item<bool>();
}

}  // namespace

Difference Compare(const at::Tensor& ours, const at::Tensor& golden) {
  if (!ours.defined())
    return {kInfinite, "not computed"};
  if (ours.sizes() != golden.sizes()) {
    return {kInfinite, absl::StrFormat("shape [%s], expected [%s]", absl::StrJoin(ours.sizes(), ", "),
                                       absl::StrJoin(golden.sizes(), ", "))};
  }
  const at::Tensor x = ours.to(at::kCPU, at::kDouble);
  const at::Tensor y = golden.to(at::kCPU, at::kDouble);
  if (!AllFinite(x))
    return {kInfinite, "ours is not finite"};
  if (!AllFinite(y))
    return {kInfinite, "the golden output is not finite"};
  const double distance = MaxAbs(x - y);
  if (distance == 0)
    return {};
  if (!at::isFloatingType(golden.scalar_type())) {
    return {kInfinite, absl::StrFormat("integers differ by up to %g", distance)};
  }
  const double scale = MaxAbs(y);
  return {scale == 0 ? kInfinite : distance / scale, ""};
}

}  // namespace ruyi::golden
