// Says in what type parameters are stored in memory, where that is another than the type of the arithmetic. Before it:
// core/quant. After it: core/weights/weight_store. Values; thread-safe.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <functional>
#include <optional>

namespace ruyi {

// The kind of a layer, as far as storage depends on it. Only parameters of layers that say so are of another kind than
// kOther: convolutions, embeddings, and the norms and projections inside of attentions never are.
enum class LayerKind { kOther, kLinear, kNorm };

struct LayerTraits {
  LayerKind kind = LayerKind::kOther;
  int64_t weight_elements = 0;
};

// Returns the type for a layer's weight and bias; absent: that of the arithmetic. An empty function stands for one that
// always returns nullopt.
using StorageRule = std::function<std::optional<c10::ScalarType>(const LayerTraits&)>;

}  // namespace ruyi
