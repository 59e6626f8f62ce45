// Computes the nonlinearity between a normalisation and a convolution, which the configuration names. Before it:
// group_norm.h. After it: causal_conv3d.h. Stateless; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/vae/config.h"

namespace ruyi {

// Takes x of any shape, and works in place where ATen can; the result may share the memory of `x`.
at::Tensor Activate(VaeActivation activation, at::Tensor x);

}  // namespace ruyi
