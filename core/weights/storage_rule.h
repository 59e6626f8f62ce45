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

struct Storage {
  Storage(c10::ScalarType stored, bool rows_are_scaled = false)  // NOLINT: a type alone is a storage
      : type(stored), is_scaled(rows_are_scaled) {}

  c10::ScalarType type;
  // The rows of the weight have scales (core/tensor/scaled_rows.h); the bias keeps the type of the arithmetic.
  bool is_scaled;
  friend bool operator==(const Storage&, const Storage&) = default;
};

// Returns the storage of a layer's weight and bias; absent: in the type of the arithmetic. An empty function stands for
// one that always returns nullopt.
using StorageRule = std::function<std::optional<Storage>(const LayerTraits&)>;

}  // namespace ruyi
