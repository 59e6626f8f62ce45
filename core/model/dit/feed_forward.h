// The two small networks of a block that work on each token alone. Before and after them: block.h. Immutable after
// loading; thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/dit/config.h"
#include "core/model/layers/layer_norm.h"
#include "core/model/layers/linear.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Weight names: net.0.proj [ff, hidden], net.2 [hidden, ff].
struct FeedForward {
  Linear up;
  Linear down;

  static FeedForward Load(const WeightScope& scope, const DitConfig& config);

  // [B, tokens, hidden] → [B, tokens, hidden]
  at::Tensor Forward(const kernels::Activations& x) const;
};

// Decides per feature how much of the CLIP attention passes: x · gelu(gate) of a normalised input (Shazeer 2020,
// GEGLU). Weight names: norm, proj [2 hidden, hidden].
struct ClipGate {
  LayerNorm norm;
  Linear projection;

  static ClipGate Load(const WeightScope& scope, const DitConfig& config);

  // [B, tokens, hidden] → [B, tokens, hidden]
  at::Tensor Forward(const at::Tensor& x) const;
};

}  // namespace ruyi
