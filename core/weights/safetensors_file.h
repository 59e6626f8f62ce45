// One .safetensors file, memory-mapped: header checked in full at Open, tensors handed out without a copy.
// Before it: core/weights/weight_store. The mapping lives as long as any tensor taken from it. Thread-safe.
// Source: the safetensors format (8-byte little-endian header length, JSON header, data).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ruyi {

class SafetensorsFile {
 public:
  struct Entry {
    c10::ScalarType dtype;
    std::vector<int64_t> shape;
    size_t begin;  // bytes from the start of the data
    size_t end;
  };

  // DATA_LOSS: truncated, header too long or not JSON, an offset out of range, overlapping or with holes, a size that
  // does not fit dtype × shape, an unknown dtype, a name twice. NOT_FOUND: no such file. Blocks on the disk. The file
  // must not be changed in place while it is mapped.
  static absl::StatusOr<SafetensorsFile> Open(const std::filesystem::path& path);

  const std::map<std::string, Entry, std::less<>>& entries() const;

  // The tensor as stored, on the CPU, sharing the mapped bytes (a copy only where they are not aligned for its type):
  // read-only. NOT_FOUND: no such name. DATA_LOSS: a BOOL tensor with bytes other than 0 and 1.
  absl::StatusOr<at::Tensor> Get(std::string_view name) const;

 private:
  struct Mapping;
  std::shared_ptr<const Mapping> mapping_;
};

}  // namespace ruyi
