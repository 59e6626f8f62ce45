// One .safetensors file, memory-mapped: header checked in full at Open, tensors handed out without a copy.
// Before it: core/weights/weight_store. The mapping lives as long as any tensor taken from it. Thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/weights/safetensors_header.h"

namespace ruyi {

class SafetensorsFile {
 public:
  using Entry = SafetensorsEntry;

  // DATA_LOSS: see ParseSafetensorsHeader. NOT_FOUND: no such file. Blocks on the disk. The file must not be changed in
  // place while it is mapped.
  static absl::StatusOr<SafetensorsFile> Open(const std::filesystem::path& path);

  const SafetensorsEntries& entries() const;

  // The tensor as stored, on the CPU, sharing the mapped bytes (a copy only where they are not aligned for its type):
  // read-only. NOT_FOUND: no such name. DATA_LOSS: a BOOL tensor with bytes other than 0 and 1.
  absl::StatusOr<at::Tensor> Get(std::string_view name) const;

 private:
  struct Mapping;
  std::shared_ptr<const Mapping> mapping_;
};

}  // namespace ruyi
