#include "core/model/vae/activation.h"

#include <ATen/ops/elu.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/mish.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/silu.h>

namespace ruyi {

at::Tensor Activate(VaeActivation activation, at::Tensor x) {
  switch (activation) {
    case VaeActivation::kElu:
      return at::elu_(x);
    case VaeActivation::kGelu:
      return at::gelu_(x);
    case VaeActivation::kMish:
      return at::mish_(x);
    case VaeActivation::kRelu:
      return at::relu_(x);
    case VaeActivation::kSilu:
      break;
  }
  return at::silu_(x);
}

}  // namespace ruyi
