#include "core/kernels/norm_rotate.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/view_as_complex.h>
#include <ATen/ops/view_as_real.h>

#include "core/kernels/launch.h"

namespace ruyi::kernels {
namespace aten {

at::Tensor Rotate(const at::Tensor& x, const at::Tensor& table) {
  const at::Tensor pairs = at::view_as_complex(x.to(at::kFloat).unflatten(-1, {-1, 2}));
  return at::view_as_real(pairs * table.unsqueeze(1)).flatten(-2).to(x.scalar_type());
}

at::Tensor NormRotate(const at::Tensor& x, const NormParameters& norm, const at::Tensor& table) {
  return aten::Rotate(aten::Norm(x, norm), table);
}

}  // namespace aten

namespace {

// Returns true when `table` is [tokens, head_dim / 2] for x [B, tokens, heads, head_dim], and has whole vectors in a
// row.
bool IsTableOf(const at::Tensor& table, const at::Tensor& x) {
  return x.dim() == 4 && x.size(0) <= cuda::kMostBatches && x.size(3) % 4 == 0 &&
         table.scalar_type() == at::kComplexFloat && table.device() == x.device() && table.is_contiguous() &&
         !table.is_conj() && table.dim() == 2 && table.size(0) == x.size(1) && table.size(1) == x.size(3) / 2;
}

bool FitsNarrowRows(std::initializer_list<const at::Tensor*> tensors, const at::Tensor& table) {
  const at::Tensor& x = **tensors.begin();
  return IsTableOf(table, x) && FitsKernels(tensors, x.size(3)) && VectorsOf(x, x.size(3)) <= cuda::kNarrowVectors &&
         reinterpret_cast<uintptr_t>(table.const_data_ptr()) % cuda::kVectorBytes == 0;
}

cuda::NarrowRows TurnedRows(const at::Tensor& x, const at::Tensor& table, const at::Tensor& out) {
  return {.element = ElementOf(x),
          .x = Input(x),
          .out = Output(out),
          .batches = static_cast<uint32_t>(x.size(0)),
          .rows = static_cast<uint32_t>(x.size(1) * x.size(2)),
          .width = static_cast<int>(x.size(3)),
          .table = static_cast<const float*>(Input(table)),
          .heads = static_cast<uint32_t>(x.size(2))};
}

}  // namespace

at::Tensor Rotate(const at::Tensor& x, const at::Tensor& table) {
  if (!FitsNarrowRows({&x}, table))
    return aten::Rotate(x, table);
  const at::Tensor out = at::empty_like(x);
  Launch(x, TurnedRows(x, table, out));
  return out;
}

at::Tensor NormRotate(const at::Tensor& x, const NormParameters& norm, const at::Tensor& table) {
  if (!FitsNarrowRows({&x, &norm.weight, &norm.bias}, table))
    return aten::NormRotate(x, norm, table);
  const at::Tensor out = at::empty_like(x);
  cuda::NarrowRows rows = TurnedRows(x, table, out);
  rows.normalizes = true;
  rows.weight = Input(norm.weight);
  rows.bias = Input(norm.bias);
  rows.eps = static_cast<float>(norm.eps);
  Launch(x, rows);
  return out;
}

}  // namespace ruyi::kernels
