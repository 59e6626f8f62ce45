#include "core/kernels/linear.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/_scaled_mm.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>

#include <array>
#include <limits>
#include <mutex>
#include <optional>
#include <vector>

#include "core/base/exception_guard.h"
#include "core/kernels/gelu.h"
#include "core/kernels/launch.h"

namespace ruyi::kernels {
namespace {

// Sums of 8-bit products in the tensor cores keep 14 bits instead of being added in float32 every few. What that rounds
// off is a few thousandths, an order below what rounding both sides to 3 bits after the point leaves (docs/adr/0015).
constexpr bool kFastSums = true;

constexpr int64_t kShapeMultiple = 16;  // of both sides of a weight that cuBLAS takes

constexpr size_t kMostGpus = size_t{std::numeric_limits<c10::DeviceIndex>::max()} + 1;

std::vector<int64_t> WithLast(at::IntArrayRef sizes, int64_t last) {
  std::vector<int64_t> changed = sizes.vec();
  changed.back() = last;
  return changed;
}

at::Tensor ScaledLinear(const ScaledRows& rows, const LinearWeight& weight, const at::Tensor& bias) {
  const at::Tensor x = rows.data.reshape({-1, rows.data.size(-1)});
  const at::Tensor y = at::_scaled_mm(x, weight.data.t(), rows.scale.reshape({-1, 1}), weight.scale.t(),
                                      bias.defined() ? std::optional(bias) : std::nullopt,
                                      /*scale_result=*/std::nullopt, at::kBFloat16, kFastSums);
  return y.view(WithLast(rows.data.sizes(), weight.data.size(0)));
}

// Computes a product of rows in 8 bits on the GPU. Throws where its libraries have none.
void TryScaledLinear(c10::Device device) {
  constexpr int64_t kSide = 256;
  const at::Tensor ones = at::ones({kSide, kSide}, at::kBFloat16).to(device);
  const ScaledRows rows = QuantizeRows(ones);
  ScaledLinear(rows, {.data = rows.data, .scale = rows.scale}, ones.select(0, 0));
}

// Asks each GPU once, by trying.
bool MultipliesRows(c10::Device device) {
  struct Answer {
    std::once_flag once;
    bool is_yes = false;
  };
  static auto& answers = *new std::array<Answer, kMostGpus>();
  Answer& answer = answers[device.index()];
  std::call_once(answer.once, [&] {
    answer.is_yes = cuda::RuyiMultipliesRowsOn(device.index()) &&
                    GuardExceptions("trying a product in 8 bits", [&] { TryScaledLinear(device); }).ok();
  });
  return answer.is_yes;
}

// Says whether the device multiplies `rows` and the weight as they are, to numbers of `type`.
bool HasScaledProduct(const ScaledRows& rows, const LinearWeight& weight, c10::ScalarType type) {
  return type == at::kBFloat16 && rows.data.is_cuda() && weight.data.size(0) % kShapeMultiple == 0 &&
         weight.data.size(1) % kShapeMultiple == 0 && rows.data.numel() > 0 && MultipliesRows(rows.data.device());
}

}  // namespace

namespace aten {

at::Tensor Linear(const Activations& x, const LinearWeight& weight, const at::Tensor& bias) {
  if (weight.KindFor(x.type()) != WeightKind::kScaled)
    return at::linear(x.plain(), weight.In(x.type()), bias);
  const ScaledRows& rows = x.rows();
  at::Tensor y = at::linear(rows.data.to(at::kFloat), weight.data.to(at::kFloat));
  y.mul_(rows.scale).mul_(weight.scale.squeeze(1));
  if (bias.defined())
    y.add_(bias);
  return y.to(x.type());
}

}  // namespace aten

WeightKind LinearWeight::KindFor(c10::ScalarType type) const {
  if (scale.defined())
    return WeightKind::kScaled;
  return data.scalar_type() == type ? WeightKind::kPlain : WeightKind::kWidened;
}

at::Tensor Linear(const Activations& x, const LinearWeight& weight, const at::Tensor& bias) {
  if (weight.KindFor(x.type()) != WeightKind::kScaled || !HasScaledProduct(x.rows(), weight, x.type()))
    return aten::Linear(x, weight, bias);
  return ScaledLinear(x.rows(), weight, bias);
}

Activations LinearGelu(const Activations& x, const LinearWeight& weight, const at::Tensor& bias, Form form) {
  if (weight.KindFor(x.type()) != WeightKind::kScaled)
    return LinearGelu(x.plain(), weight.In(x.type()), bias);
  const at::Tensor y = Linear(x, weight, bias);
  return form == Form::kRows ? Activations(GeluRows(y), x.type()) : Activations(at::gelu(y, "tanh"));
}

}  // namespace ruyi::kernels
