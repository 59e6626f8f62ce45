#include "core/artifact/s3/sealed_manifests.h"

#include <algorithm>

namespace ruyi {
namespace {

// This is more than the readers that a server serves at once; each entry costs 4 bytes for 256 KiB of its video.
constexpr size_t kMostEntries = 64;

}  // namespace

std::shared_ptr<const ResultManifest> SealedManifests::Find(const std::string& job_id) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(job_id);
  if (found == entries_.end())
    return nullptr;
  found->second.last_use = ++uses_;
  return found->second.manifest;
}

void SealedManifests::Keep(const std::string& job_id, const ResultManifest& manifest) {
  absl::MutexLock lock(&mutex_);
  entries_[job_id] = {.manifest = std::make_shared<const ResultManifest>(manifest), .last_use = ++uses_};
  if (entries_.size() <= kMostEntries)
    return;
  entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](const auto& one, const auto& other) {
    return one.second.last_use < other.second.last_use;
  }));
}

void SealedManifests::Forget(const std::string& job_id) {
  absl::MutexLock lock(&mutex_);
  entries_.erase(job_id);
}

}  // namespace ruyi
