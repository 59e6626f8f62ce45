// Keeps the sealed results that were read last open, with their seals in memory, for a video is read in many small
// steps. Their number is bounded. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/artifact/files/result_paths.h"
#include "core/artifact/files/sealed_result.h"

namespace ruyi {

class SealedResults {
 public:
  // Returns the sealed result of the job, or null when there is no seal. Sees at once what other processes change.
  // Errors: those of SealedResult::Open. Blocks on the disk.
  absl::StatusOr<std::shared_ptr<const SealedResult>> Find(const std::string& job_id, const ResultPaths& paths);

  // Closes the file, once nobody reads it.
  void Forget(const std::string& job_id);

 private:
  struct Entry {
    std::shared_ptr<const SealedResult> result;
    int64_t last_use = 0;
  };

  std::shared_ptr<const SealedResult> Lookup(const std::string& job_id, const struct stat& seal_file);
  void Keep(const std::string& job_id, std::shared_ptr<const SealedResult> result);

  absl::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  int64_t uses_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ruyi
