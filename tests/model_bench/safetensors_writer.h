// Writes a .safetensors file larger than memory should hold: each tensor is a piece of one block of numbers. Before it:
// make_model.h. A function without state; thread-safe. Source: the safetensors format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace ruyi::bench {

struct TensorToWrite {
  std::string name;
  std::vector<int64_t> shape;
  const std::vector<uint16_t>* values = nullptr;  // bfloat16; repeated as often as the shape needs
};

// UNAVAILABLE: the file cannot be written. Blocks on the disk.
absl::Status WriteSafetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors);

}  // namespace ruyi::bench
