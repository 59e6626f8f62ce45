// The LoRAs that requests may name: those of another catalog, but for the ones that were taken off. Before it: the
// loaded model's catalog, and an administrator who takes LoRAs off and puts them back. After it: core/request/validate.
// Jobs that were accepted read their LoRAs from the pipeline's own catalog, which knows nothing of the shelf.
// Thread-safe.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/request/lora_catalog.h"

namespace ruyi {

class LoraShelf final : public LoraCatalog {
 public:
  explicit LoraShelf(std::shared_ptr<const LoraCatalog> all) : all_(std::move(all)) {}

  std::vector<std::string> Names() const override;

  // The same as of the other catalog. NOT_FOUND also for a LoRA that was taken off.
  absl::StatusOr<LoraFacts> Check(const std::string& name) const override;

  // Checks the LoRA `name` and, when it is in order, puts it back if it was taken off. Errors: those of
  // LoraCatalog::Check; then nothing changes. Blocks on the disk, for as long as the file takes to be read.
  absl::StatusOr<LoraFacts> PutBack(const std::string& name);

  // Takes the LoRA `name` off, until PutBack. Returns OK also when it is off already. NOT_FOUND: there is none of that
  // name; the message lists the names that there are. Blocks on the disk.
  absl::Status TakeOff(const std::string& name);

 private:
  bool IsOff(const std::string& name) const;

  const std::shared_ptr<const LoraCatalog> all_;
  mutable absl::Mutex mutex_;
  std::set<std::string> off_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
