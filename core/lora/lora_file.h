// Reads one LoRA as training tools of the kohya family write it: two factors per layer, thin matrices, named
// lora_unet__<layer with '_' for '.'>.{lora_down.weight, lora_up.weight, alpha}. Before it: lora_folder.h. After it:
// core/model/dit lays it over its layers. Immutable; thread-safe. Source: Hu et al. 2021 (LoRA); merge_lora of
// Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "core/weights/layer_update.h"
#include "core/weights/safetensors_file.h"

namespace ruyi {

class LoraFile {
 public:
  static constexpr int64_t kMaxBytes = int64_t{8} << 30;  // of a file

  // Reads the whole file, so that later changes to it do not matter. DATA_LOSS: a damaged file (see SafetensorsFile).
  // NOT_FOUND: no such file. FAILED_PRECONDITION: it is larger than kMaxBytes, or was written to while it was read.
  // RESOURCE_EXHAUSTED: there is no memory for it. Blocks on the disk.
  static absl::StatusOr<LoraFile> Open(const std::filesystem::path& path);

  // Says whether the file can be laid over `layers`. INVALID_ARGUMENT, which names the tensor: a tensor fits no layer
  // of `layers`, has another shape than its layer, lacks its partner, has a name of another format, is of an integer
  // type or is not finite; or the product of an "up" and its "down" is not finite at the largest strength that a
  // request may have. INVALID_ARGUMENT also: the file has no tensor at all.
  absl::Status Check(const LayerShapes& layers) const;

  // Returns the sha256 of the file, in 64 hexadecimal digits.
  std::string sha256() const;

  // Returns how many numbers all tensors of the file have together.
  int64_t parameters() const;

  // Returns what the file changes in each layer at `strength`, on the CPU in float32. Errors: those of Check.
  absl::StatusOr<LayerUpdates> Updates(const LayerShapes& layers, double strength) const;

 private:
  struct Factors;

  explicit LoraFile(SafetensorsFile file) : file_(std::move(file)) {}

  absl::StatusOr<std::map<std::string, Factors>> FactorsByLayer(const LayerShapes& layers) const;
  absl::StatusOr<std::map<std::string, Factors>> CheckedFactors(const LayerShapes& layers) const;
  absl::Status CheckFactors(const Factors& factors, const LayerShape& layer) const;
  absl::StatusOr<double> Scale(const Factors& factors) const;
  absl::Status CheckNumbers(const Factors& factors) const;
  absl::StatusOr<at::Tensor> Matrix(const std::string& name) const;

  SafetensorsFile file_;
};

}  // namespace ruyi
