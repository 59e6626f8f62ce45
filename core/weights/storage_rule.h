// In what type parameters lie in memory, where that is another than the type of the arithmetic. Before it: core/quant.
// After it: core/weights/weight_store. Values; thread-safe.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <functional>
#include <optional>

namespace ruyi {

// As far as storage depends on it. Only parameters of layers that say so are of another kind than kOther: convolutions,
// embeddings, and the norms and projections inside of attentions never are.
enum class LayerKind { kOther, kLinear, kNorm };

struct LayerTraits {
  LayerKind kind = LayerKind::kOther;
  int64_t weight_elements = 0;
};

// The type for a layer's weight and bias; absent: that of the arithmetic. An empty function: always absent.
using StorageRule = std::function<std::optional<c10::ScalarType>(const LayerTraits&)>;

}  // namespace ruyi
