// Keeps the files that parts of a model share as mappings. Before it: weight_store.h and core/pipeline/ruyi. After it:
// the check before each video. A value; thread-safe as long as nobody adds to it.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "core/base/status_macros.h"
#include "core/weights/file_bytes.h"

namespace ruyi {

class MappedFiles {
 public:
  void Add(const std::shared_ptr<const FileBytes>& file) { files_.push_back(file); }

  // Checks the files that tensors still use. Errors: those of FileBytes::CheckUnchanged.
  absl::Status CheckUnchanged() const {
    for (const std::weak_ptr<const FileBytes>& file : files_) {
      if (const std::shared_ptr<const FileBytes> used = file.lock(); used != nullptr)
        RUYI_RETURN_IF_ERROR(used->CheckUnchanged());
    }
    return absl::OkStatus();
  }

 private:
  std::vector<std::weak_ptr<const FileBytes>> files_;
};

}  // namespace ruyi
