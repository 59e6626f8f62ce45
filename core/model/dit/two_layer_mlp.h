// Two linear layers with SiLU (in float32) between them, through which the transformer takes timesteps, text and sizes.
// Before and after it: time_text_embedding.h, dit.h. Weight names: linear_1, linear_2. Immutable after loading;
// thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/layers/linear.h"
#include "core/weights/weight_store.h"

namespace ruyi {

struct TwoLayerMlp {
  Linear first;
  Linear second;

  struct Widths {
    int64_t in = 0;
    int64_t inner = 0;
    int64_t out = 0;
  };
  static TwoLayerMlp Load(const WeightScope& scope, const Widths& widths);

  // [..., in] → [..., out]
  at::Tensor Forward(const at::Tensor& x) const;
};

}  // namespace ruyi
