// Makes LoRAs in memory for tests. Functions without state; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "tests/core/weights/safetensors_bytes.h"

namespace ruyi {

// Returns `values` in a tensor of `shape`.
inline StoredTensor FloatTensor(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values) {
  return {.name = name, .dtype = "F32", .shape = std::move(shape), .bytes = FloatBytes(values)};
}

// Returns the tensors of a LoRA for the layer "blocks.0.to_q" of 3 outputs and 2 inputs: rank 1, up · down = {{1, 2},
// {2, 4}, {3, 6}}.
inline std::vector<StoredTensor> LoraTensors() {
  return {FloatTensor("lora_unet__blocks_0_to_q.lora_down.weight", {1, 2}, {1, 2}),
          FloatTensor("lora_unet__blocks_0_to_q.lora_up.weight", {3, 1}, {1, 2, 3})};
}

}  // namespace ruyi
