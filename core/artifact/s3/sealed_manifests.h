// Keeps the manifests of the sealed results that were read last, for a video is read in many small steps. A manifest
// may be one of a result that is gone by now: then its pieces are gone too. Their number is bounded. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/artifact/s3/result_manifest.h"

namespace ruyi {

class SealedManifests {
 public:
  // Returns the manifest of the job's result, or null when it is not known.
  std::shared_ptr<const ResultManifest> Find(const std::string& job_id);

  void Keep(const std::string& job_id, const ResultManifest& manifest);
  void Forget(const std::string& job_id);

 private:
  struct Entry {
    std::shared_ptr<const ResultManifest> manifest;
    int64_t last_use = 0;
  };

  absl::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  int64_t uses_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ruyi
