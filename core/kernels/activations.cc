#include "core/kernels/activations.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/gelu.h>

#include "core/kernels/launch.h"

namespace ruyi::kernels {

static_assert(cuda::kLargest8Bits == kLargestE4m3 && cuda::kLeastScaledRow == kLeastRow);

namespace aten {

ScaledRows QuantizeRows(const at::Tensor& x) {
  return ScaleRows(x);
}

ScaledRows GeluRows(const at::Tensor& x) {
  return ScaleRows(at::gelu(x, "tanh"));
}

}  // namespace aten

namespace {

bool FitsRoundedRows(const at::Tensor& x) {
  return FitsKernels({&x}, x.size(-1)) && VectorsOf(x, x.size(-1)) <= cuda::kRoundedVectors;
}

ScaledRows LaunchRoundedRows(const at::Tensor& x, bool activates) {
  const ScaledRows out = EmptyRows(x.sizes(), x.options());
  Launch(x, cuda::RoundedRows{.element = ElementOf(x),
                              .x = Input(x),
                              .out = Output(out.data),
                              .scales = static_cast<float*>(Output(out.scale)),
                              .rows = RowsOf(x, x.size(-1)),
                              .width = static_cast<int>(x.size(-1)),
                              .activates = activates});
  return out;
}

}  // namespace

const ScaledRows& Activations::rows() const {
  if (!rows_.has_value())
    rows_ = QuantizeRows(plain_);
  return *rows_;
}

ScaledRows QuantizeRows(const at::Tensor& x) {
  return FitsRoundedRows(x) ? LaunchRoundedRows(x, /*activates=*/false) : aten::QuantizeRows(x);
}

ScaledRows GeluRows(const at::Tensor& x) {
  return FitsRoundedRows(x) ? LaunchRoundedRows(x, /*activates=*/true) : aten::GeluRows(x);
}

}  // namespace ruyi::kernels
