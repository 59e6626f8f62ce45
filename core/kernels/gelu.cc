#include "core/kernels/gelu.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_addmm_activation.h>
#include <ATen/ops/chunk.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>

#include <vector>

#include "core/kernels/launch.h"

namespace ruyi::kernels {
namespace aten {

at::Tensor GatedGelu(const at::Tensor& x) {
  const std::vector<at::Tensor> halves = at::chunk(x, 2, -1);
  return halves[0] * at::gelu(halves[1]);
}

at::Tensor LinearGelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::gelu(at::linear(x, weight, bias), "tanh");
}

}  // namespace aten

namespace {

// The sizes of x but for the last.
std::vector<int64_t> SizesWithLast(const at::Tensor& x, int64_t last) {
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.back() = last;
  return sizes;
}

bool HasGeluInProduct(const at::Tensor& x, const at::Tensor& bias) {
  return x.is_cuda() && (x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf) && bias.defined();
}

}  // namespace

at::Tensor GatedGelu(const at::Tensor& x) {
  if (x.size(-1) % 2 != 0 || !FitsKernels({&x}, x.size(-1) / 2))
    return aten::GatedGelu(x);
  const int64_t width = x.size(-1) / 2;
  const at::Tensor out = at::empty(SizesWithLast(x, width), x.options());
  Launch(x, cuda::GatedRows{.element = ElementOf(x),
                            .x = Input(x),
                            .out = Output(out),
                            .rows = RowsOf(x, x.size(-1)),
                            .width = static_cast<int>(width)});
  return out;
}

at::Tensor LinearGelu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!HasGeluInProduct(x, bias))
    return aten::LinearGelu(x, weight, bias);
  return at::_addmm_activation(bias, x.reshape({-1, x.size(-1)}), weight.t(), /*beta=*/1, /*alpha=*/1,
                               /*use_gelu=*/true)
      .view(SizesWithLast(x, weight.size(0)));
}

}  // namespace ruyi::kernels
