// The LoRAs of a server: the .safetensors files of one folder, each known by its name without the ending. Before it:
// --lora-dir. After it: core/request/validate (as a LoraCatalog) and core/pipeline/ruyi. Files may come and go while
// the server runs. Immutable; thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/lora/lora_file.h"
#include "core/request/generation_request.h"
#include "core/request/lora_catalog.h"
#include "core/weights/layer_update.h"

namespace ruyi {

class LoraFolder final : public LoraCatalog {
 public:
  // `layers`: what the loaded model lets a LoRA change. An empty `folder`: there are none.
  LoraFolder(std::filesystem::path folder, LayerShapes layers)
      : folder_(std::move(folder)), layers_(std::move(layers)) {}

  std::vector<std::string> Names() const override;
  absl::StatusOr<int64_t> Check(const std::string& name) const override;

  // All of them together. Errors: those of Check. Blocks on the disk.
  absl::StatusOr<LayerUpdates> Load(const std::vector<LoraSettings>& loras) const;

 private:
  absl::StatusOr<LoraFile> Open(const std::string& name) const;

  const std::filesystem::path folder_;
  const LayerShapes layers_;
};

}  // namespace ruyi
