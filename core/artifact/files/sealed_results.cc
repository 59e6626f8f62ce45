#include "core/artifact/files/sealed_results.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/artifact/files/disk_error.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

// This is more than the readers that a server serves at once; each entry costs a descriptor and 4 bytes for 256 KiB of
// its video.
constexpr size_t kMostEntries = 64;

}  // namespace

absl::StatusOr<std::shared_ptr<const SealedResult>> SealedResults::Find(const std::string& job_id,
                                                                        const ResultPaths& paths) {
  struct stat seal_file{};
  if (stat(paths.seal.c_str(), &seal_file) != 0) {
    if (errno != ENOENT)
      return DiskError(errno, "look at", paths.seal);
    Forget(job_id);
    return nullptr;
  }
  if (auto known = Lookup(job_id, seal_file); known != nullptr)
    return known;
  RUYI_ASSIGN_OR_RETURN(std::shared_ptr<const SealedResult> result, SealedResult::Open(paths));
  if (result != nullptr)
    Keep(job_id, result);
  return result;
}

void SealedResults::Forget(const std::string& job_id) {
  absl::MutexLock lock(&mutex_);
  entries_.erase(job_id);
}

std::shared_ptr<const SealedResult> SealedResults::Lookup(const std::string& job_id, const struct stat& seal_file) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(job_id);
  if (found == entries_.end() || !found->second.result->IsOf(seal_file))
    return nullptr;
  found->second.last_use = ++uses_;
  return found->second.result;
}

void SealedResults::Keep(const std::string& job_id, std::shared_ptr<const SealedResult> result) {
  absl::MutexLock lock(&mutex_);
  entries_[job_id] = {.result = std::move(result), .last_use = ++uses_};
  if (entries_.size() <= kMostEntries)
    return;
  entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](const auto& one, const auto& other) {
    return one.second.last_use < other.second.last_use;
  }));
}

}  // namespace ruyi
