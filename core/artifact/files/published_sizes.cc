#include "core/artifact/files/published_sizes.h"

namespace ruyi {

PublishedSize PublishedSizes::Share(const std::string& job_id, int64_t size_bytes) {
  absl::MutexLock lock(&mutex_);
  std::erase_if(sizes_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<std::atomic<int64_t>>& entry = sizes_[job_id];
  PublishedSize size = entry.lock();
  if (size == nullptr)
    entry = size = std::make_shared<std::atomic<int64_t>>(size_bytes);
  *size = size_bytes;
  return size;
}

std::optional<int64_t> PublishedSizes::Find(const std::string& job_id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = sizes_.find(job_id);
  if (found == sizes_.end())
    return std::nullopt;
  const PublishedSize size = found->second.lock();
  return size == nullptr ? std::nullopt : std::optional<int64_t>(*size);
}

void PublishedSizes::Forget(const std::string& job_id) {
  absl::MutexLock lock(&mutex_);
  sizes_.erase(job_id);
}

}  // namespace ruyi
