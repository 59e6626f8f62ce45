// Reads one .safetensors file: checks the header in full when it is opened, and hands out tensors without a copy.
// Before it: a path. After it: core/weights/weight_store, core/lora. Its bytes live as long as any tensor taken from
// it. Immutable; thread-safe.
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

  // Opens a file, which is mapped when it is large. DATA_LOSS: a damaged header (see ParseSafetensorsHeader). Other
  // errors: those of FileBytes::Open. The message begins with the path. Blocks on the disk.
  static absl::StatusOr<SafetensorsFile> Open(const std::filesystem::path& path);

  // Does the same, but copies the file into memory whatever its size. Errors: also those of FileBytes::Read.
  static absl::StatusOr<SafetensorsFile> Read(const std::filesystem::path& path, int64_t max_bytes);

  const SafetensorsEntries& entries() const;

  // Returns the whole file. The bytes may be those of a mapping, which others can change.
  const std::shared_ptr<const FileBytes>& bytes() const;

  // Returns the tensor as it is stored, on the CPU. It shares the file's bytes (it is a copy only where they are not
  // aligned for its type), so it must not be written to. NOT_FOUND: no such name. DATA_LOSS: a BOOL tensor with bytes
  // other than 0 and 1.
  absl::StatusOr<at::Tensor> Get(std::string_view name) const;

 private:
  struct Content;
  static absl::StatusOr<SafetensorsFile> Parse(const std::filesystem::path& path,
                                               absl::StatusOr<std::shared_ptr<const FileBytes>> bytes);

  std::shared_ptr<const Content> content_;
};

}  // namespace ruyi
