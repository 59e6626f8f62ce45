// Finds and checks the LoRAs of a server: the .safetensors files of one folder, each known by its name without the
// ending. Before it: --lora-dir. After it: core/request/validate (as a LoraCatalog) and core/pipeline/ruyi. Files may
// come, go and change while the server runs: a file is loaded only as it was checked. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/lora/lora_file.h"
#include "core/request/generation_request.h"
#include "core/request/lora_catalog.h"
#include "core/weights/file_state.h"
#include "core/weights/layer_update.h"

namespace ruyi {

class LoraFolder final : public LoraCatalog {
 public:
  // Is told once of each file that cannot be listed: its name, escaped as in C, and why. May be called by any thread.
  using OnSkipped = std::function<void(const std::string& name, std::string_view why)>;

  // `layers`: what the loaded model lets a LoRA change. When `folder` is empty, there are no LoRAs.
  LoraFolder(std::filesystem::path folder, LayerShapes layers, OnSkipped on_skipped = {})
      : folder_(std::move(folder)), layers_(std::move(layers)), on_skipped_(std::move(on_skipped)) {}

  // Returns the names of all LoRAs. Hidden files and those whose names are not UTF-8 are left out; the latter are told
  // to OnSkipped.
  std::vector<std::string> Names() const override;

  // Reads a file again only when it has changed since the last time.
  absl::StatusOr<LoraFacts> Check(const std::string& name) const override;

  // Returns the changes of all `loras` together. FAILED_PRECONDITION with reason LORA_CHANGED: one of them is not there
  // any more, has another digest than its settings say, or can no longer be laid over the model. Blocks on the disk.
  absl::StatusOr<LayerUpdates> Load(const std::vector<LoraSettings>& loras) const;

 private:
  // The answer of Check for a file.
  struct Verdict {
    FileState state;
    absl::StatusOr<LoraFacts> facts;
  };

  void Skip(const std::string& file_name, std::string_view why) const;
  absl::StatusOr<std::filesystem::path> Find(const std::string& name) const;
  absl::StatusOr<LoraFile> Open(const std::filesystem::path& path) const;
  absl::StatusOr<LoraFacts> Examine(const std::filesystem::path& path) const;
  absl::StatusOr<LayerUpdates> LoadOne(const LoraSettings& lora) const;

  const std::filesystem::path folder_;
  const LayerShapes layers_;
  const OnSkipped on_skipped_;

  mutable absl::Mutex mutex_;
  mutable std::map<std::string, Verdict> verdicts_ ABSL_GUARDED_BY(mutex_);  // by the file's path
  mutable std::set<std::string> skipped_ ABSL_GUARDED_BY(mutex_);            // names that OnSkipped was told
};

}  // namespace ruyi
