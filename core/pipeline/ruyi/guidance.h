// Classifier-free guidance: the prediction with the condition, led away from the one without. Before it: the
// transformer. After it: the sampler. Functions without state; thread-safe. Source: Ho & Salimans 2022.
#pragma once

#include <ATen/core/Tensor.h>

namespace ruyi {

// True when `scale` needs both predictions; at 1 or below only the one with the condition is computed.
inline bool IsGuided(double scale) {
  return scale > 1.0;
}

// [2, ...] (without, with the condition) → [1, ...]; [1, ...] is returned as it is.
at::Tensor Guide(const at::Tensor& predictions, double scale);

}  // namespace ruyi
