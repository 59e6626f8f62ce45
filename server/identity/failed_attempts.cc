#include "server/identity/failed_attempts.h"

#include <algorithm>

namespace ruyi {

absl::Duration FailedAttempts::WaitOf(const std::string& peer, const std::string& digest) {
  absl::MutexLock lock(&mutex_);
  const auto found = free_at_.find(peer);
  if (found == free_at_.end() || known_.contains(digest))
    return absl::ZeroDuration();
  const absl::Duration most_owed = (kAttempts - 1) * kPerAttempt;
  return std::max(found->second - clock_.Elapsed() - most_owed, absl::ZeroDuration());
}

void FailedAttempts::OnWrong(const std::string& peer) {
  const absl::Duration now = clock_.Elapsed();
  absl::MutexLock lock(&mutex_);
  if (free_at_.size() >= kMostPeers && !free_at_.contains(peer)) {
    std::erase_if(free_at_, [&](const auto& known) { return known.second <= now; });
    if (free_at_.size() >= kMostPeers)
      free_at_.erase(std::min_element(free_at_.begin(), free_at_.end(),
                                      [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
  absl::Duration& free_at = free_at_[peer];
  free_at = std::min(std::max(free_at, now) + kPerAttempt, now + kAttempts * kPerAttempt);
}

void FailedAttempts::OnRight(const std::string& digest) {
  absl::MutexLock lock(&mutex_);
  if (!known_.insert(digest).second)
    return;
  known_order_.push_back(digest);
  if (known_order_.size() > kMostKnown) {
    known_.erase(known_order_.front());
    known_order_.pop_front();
  }
}

}  // namespace ruyi
