#include "core/kernels/norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/layer_norm.h>

#include <vector>

#include "core/kernels/launch.h"

namespace ruyi::kernels {
namespace aten {

at::Tensor Norm(const at::Tensor& x, const NormParameters& norm, const at::Tensor& shift) {
  const at::Tensor normed = at::layer_norm(x, {x.size(-1)}, norm.weight, norm.bias, norm.eps);
  return shift.defined() ? normed + shift : normed;
}

SumAndNorm AddNorm(const at::Tensor& x, const at::Tensor& delta, const NormParameters& norm, const at::Tensor& shift) {
  const bool is_of_frames = delta.dim() == 4;
  const at::Tensor sum = is_of_frames ? (x.unflatten(1, {delta.size(1), -1}) + delta).flatten(1, 2) : x + delta;
  return {.sum = sum, .normed = aten::Norm(sum, norm, shift)};
}

at::Tensor ConcatNorm(const at::Tensor& x, const at::Tensor& skipped, const NormParameters& norm) {
  return aten::Norm(at::cat({x, skipped}, -1), norm);
}

}  // namespace aten

namespace {

bool IsNarrow(const at::Tensor& x, const at::Tensor& shift) {
  return !shift.defined() && VectorsOf(x, x.size(-1)) <= cuda::kNarrowVectors;
}

// Returns true when `shift` is undefined, or has one row for each batch of x or one for all.
bool IsShiftOf(const at::Tensor& shift, const at::Tensor& x) {
  return !shift.defined() || (x.dim() == 3 && shift.dim() == 3 && shift.size(1) == 1 && shift.size(2) == x.size(2) &&
                              (shift.size(0) == 1 || shift.size(0) == x.size(0)));
}

bool IsDeltaOf(const at::Tensor& delta, const at::Tensor& x) {
  if (delta.sizes() == x.sizes())
    return true;
  return x.dim() == 3 && delta.dim() == 4 && delta.size(0) == 1 && delta.size(2) == 1 && delta.size(3) == x.size(2) &&
         x.size(1) % delta.size(1) == 0;
}

bool FitsWideRows(std::initializer_list<const at::Tensor*> tensors, int64_t width) {
  return FitsKernels(tensors, width) && VectorsOf(**tensors.begin(), width) <= cuda::kWideVectors;
}

// Returns the launch for rows of x that come out normalised; where they come out to is missing.
cuda::WideRows JoinedRows(const at::Tensor& x, const NormParameters& norm, const at::Tensor& shift) {
  const uint32_t rows = RowsOf(x, x.size(-1));
  return {.element = ElementOf(x),
          .x = Input(x),
          .rows = rows,
          .width = static_cast<int>(x.size(-1)),
          .weight = Input(norm.weight),
          .bias = Input(norm.bias),
          .eps = static_cast<float>(norm.eps),
          .shift = Input(shift),
          .shift_span = shift.defined() ? rows / static_cast<uint32_t>(shift.size(0)) : 1};
}

// Lets `rows` come out in `form`, shaped as `sizes`, and launches them.
Activations LaunchInForm(const at::Tensor& x, cuda::WideRows rows, at::IntArrayRef sizes, Form form) {
  if (form == Form::kPlain) {
    const at::Tensor out = at::empty(sizes, x.options());
    rows.out = Output(out);
    Launch(x, rows);
    return out;
  }
  const ScaledRows out = EmptyRows(sizes, x.options());
  rows.rounded = Output(out.data);
  rows.scales = static_cast<float*>(Output(out.scale));
  Launch(x, rows);
  return Activations(out, x.scalar_type());
}

at::Tensor NormNarrow(const at::Tensor& x, const NormParameters& norm) {
  const at::Tensor out = at::empty_like(x);
  Launch(x, cuda::NarrowRows{.element = ElementOf(x),
                             .x = Input(x),
                             .out = Output(out),
                             .rows = RowsOf(x, x.size(-1)),
                             .width = static_cast<int>(x.size(-1)),
                             .normalizes = true,
                             .weight = Input(norm.weight),
                             .bias = Input(norm.bias),
                             .eps = static_cast<float>(norm.eps)});
  return out;
}

}  // namespace

at::Tensor Norm(const at::Tensor& x, const NormParameters& norm, const at::Tensor& shift) {
  return Norm(x, norm, shift, Form::kPlain).plain();
}

Activations Norm(const at::Tensor& x, const NormParameters& norm, const at::Tensor& shift, Form form) {
  if (!FitsWideRows({&x, &norm.weight, &norm.bias, &shift}, x.size(-1)) || !IsShiftOf(shift, x))
    return aten::Norm(x, norm, shift);
  if (IsNarrow(x, shift))
    return NormNarrow(x, norm);
  return LaunchInForm(x, JoinedRows(x, norm, shift), x.sizes(), form);
}

SumAndNorm AddNorm(const at::Tensor& x, const at::Tensor& delta, const NormParameters& norm, const at::Tensor& shift,
                   Form form) {
  if (!FitsWideRows({&x, &delta, &norm.weight, &norm.bias, &shift}, x.size(-1)) || !IsShiftOf(shift, x) ||
      !IsDeltaOf(delta, x))
    return aten::AddNorm(x, delta, norm, shift);
  const at::Tensor sum = at::empty_like(x);
  cuda::WideRows rows = JoinedRows(x, norm, shift);
  rows.join = cuda::Join::kSum;
  rows.second = Input(delta);
  rows.sum = Output(sum);
  rows.second_period = rows.rows;
  if (delta.sizes() != x.sizes()) {  // of frames
    rows.second_period = static_cast<uint32_t>(x.size(1));
    rows.second_span = static_cast<uint32_t>(x.size(1) / delta.size(1));
  }
  return {.sum = sum, .normed = LaunchInForm(x, rows, x.sizes(), form)};
}

Activations ConcatNorm(const at::Tensor& x, const at::Tensor& skipped, const NormParameters& norm, Form form) {
  if (!FitsKernels({&x, &skipped, &norm.weight, &norm.bias}, x.size(-1)) || skipped.sizes() != x.sizes() ||
      VectorsOf(x, 2 * x.size(-1)) > cuda::kWideVectors)
    return aten::ConcatNorm(x, skipped, norm);
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.back() *= 2;
  cuda::WideRows rows = JoinedRows(x, norm, /*shift=*/{});
  rows.join = cuda::Join::kConcatenate;
  rows.second = Input(skipped);
  return LaunchInForm(x, rows, sizes, form);
}

}  // namespace ruyi::kernels
