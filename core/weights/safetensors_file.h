// One .safetensors file: header checked in full when it is opened, tensors handed out without a copy. Before it: a
// path. After it: core/weights/weight_store, core/lora. Its bytes live as long as any tensor taken from it. Immutable;
// thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/weights/file_bytes.h"
#include "core/weights/safetensors_header.h"

namespace ruyi {

class SafetensorsFile {
 public:
  using Entry = SafetensorsEntry;

  // DATA_LOSS: a damaged header (see ParseSafetensorsHeader). Else the errors of FileBytes::Open. The message begins
  // with the path. Blocks on the disk.
  static absl::StatusOr<SafetensorsFile> Open(const std::filesystem::path& path);

  // The same of a file that is copied into memory whatever its size. Errors: also those of FileBytes::Read.
  static absl::StatusOr<SafetensorsFile> Read(const std::filesystem::path& path, int64_t max_bytes);

  const SafetensorsEntries& entries() const;

  // The whole file. The bytes may be those of a mapping, which others can change.
  const std::shared_ptr<const FileBytes>& bytes() const;

  // The tensor as stored, on the CPU, sharing the file's bytes (a copy only where they are not aligned for its type):
  // read-only. NOT_FOUND: no such name. DATA_LOSS: a BOOL tensor with bytes other than 0 and 1.
  absl::StatusOr<at::Tensor> Get(std::string_view name) const;

 private:
  struct Content;
  static absl::StatusOr<SafetensorsFile> Parse(const std::filesystem::path& path,
                                               absl::StatusOr<std::shared_ptr<const FileBytes>> bytes);

  std::shared_ptr<const Content> content_;
};

}  // namespace ruyi
