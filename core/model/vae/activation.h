// The nonlinearity between a normalisation and a convolution, named by the configuration. Before it: group_norm.h.
// After it: causal_conv3d.h. Stateless; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/vae/config.h"

namespace ruyi {

// Any shape, in place where ATen can; the result may share the memory of `x`.
at::Tensor Activate(VaeActivation activation, at::Tensor x);

}  // namespace ruyi
