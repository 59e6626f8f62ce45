// Counts the credentials of each peer that were wrong, so that nobody tries them without end: a peer has a few
// attempts, and gets one more every few seconds. What was right lately may come from any peer all the same, so that one
// caller behind a proxy does not shut out the others. Before it: server/service/doorkeeper.h. Thread-safe.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"

namespace ruyi {

class FailedAttempts {
 public:
  static constexpr int kAttempts = 10;
  static constexpr absl::Duration kPerAttempt = absl::Seconds(6);
  static constexpr size_t kMostPeers = 10'000;  // that are remembered; those that failed longest ago are forgotten
  static constexpr size_t kMostKnown = 10'000;  // right credentials that are remembered

  // `clock` must outlive the object.
  explicit FailedAttempts(const Clock& clock) : clock_(clock) {}

  // Returns how long `peer` has to wait until it may try a credential that was not right lately; zero when it may now.
  // `digest` is of the credential.
  absl::Duration WaitOf(const std::string& peer, const std::string& digest);

  // Counts a wrong credential of `peer`.
  void OnWrong(const std::string& peer);

  // Remembers a right credential.
  void OnRight(const std::string& digest);

 private:
  const Clock& clock_;
  absl::Mutex mutex_;
  std::map<std::string, absl::Duration> free_at_ ABSL_GUARDED_BY(mutex_);  // when a peer has all attempts again
  std::set<std::string> known_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> known_order_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
