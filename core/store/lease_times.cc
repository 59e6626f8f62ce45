#include "core/store/lease_times.h"

namespace ruyi {

void LeaseTimes::Start(const std::string& job_id, int64_t token, absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  entries_[job_id] = {.token = token, .until = clock_.Elapsed() + duration};
}

bool LeaseTimes::Extend(const std::string& job_id, int64_t token, absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(job_id);
  if (found == entries_.end() || found->second.token != token)
    return false;
  found->second.until = clock_.Elapsed() + duration;
  return true;
}

void LeaseTimes::End(const std::string& job_id, int64_t token) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(job_id);
  if (found != entries_.end() && found->second.token == token)
    entries_.erase(found);
}

std::map<std::string, int64_t> LeaseTimes::Expired() const {
  absl::MutexLock lock(&mutex_);
  const absl::Duration now = clock_.Elapsed();
  std::map<std::string, int64_t> expired;
  for (const auto& [id, entry] : entries_) {
    if (entry.until <= now)
      expired[id] = entry.token;
  }
  return expired;
}

}  // namespace ruyi
