#include "server/service/watcher_places.h"

#include <limits>

namespace ruyi {

absl::StatusOr<std::shared_ptr<void>> WatcherPlaces::Take(const std::string& tenant) {
  constexpr absl::Duration kRetryDelay = absl::Seconds(5);
  const TenantQuota quota = quotas_ == nullptr ? TenantQuota() : quotas_->Of(tenant);
  const int64_t limit = quota.watchers.value_or(std::numeric_limits<int64_t>::max());
  const int64_t used = counts_->Add(tenant, limit);
  if (used >= limit)
    return QuotaExceeded(tenant, {.name = "watchers", .limit = limit, .used = used}, "open streams", kRetryDelay);
  return std::shared_ptr<void>(nullptr, [counts = counts_, tenant](void*) { counts->Remove(tenant); });
}

int64_t WatcherPlaces::Counts::Add(const std::string& tenant, int64_t limit) {
  absl::MutexLock lock(&mutex_);
  const auto found = counts_.find(tenant);
  const int64_t used = found == counts_.end() ? 0 : found->second;
  if (used < limit)
    counts_[tenant] = used + 1;
  return used;
}

void WatcherPlaces::Counts::Remove(const std::string& tenant) {
  absl::MutexLock lock(&mutex_);
  const auto found = counts_.find(tenant);
  if (--found->second == 0)
    counts_.erase(found);
}

}  // namespace ruyi
