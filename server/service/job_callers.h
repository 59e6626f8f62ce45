// Counts the GenerateVideo calls with which each job is to end, so that it ends with the last of them: a caller that
// has lost its connection sends the same request again before the server notices. Before it: event_stream.h.
// Thread-safe.
#pragma once

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ruyi {

class JobCallers {
 public:
  // Counts a call of the job `id`.
  void Add(const std::string& id) {
    absl::MutexLock lock(&mutex_);
    ++calls_[id];
  }

  // Takes back one Add. Returns true when it was the last.
  bool Remove(const std::string& id) {
    absl::MutexLock lock(&mutex_);
    const auto found = calls_.find(id);
    if (--found->second > 0)
      return false;
    calls_.erase(found);
    return true;
  }

 private:
  absl::Mutex mutex_;
  std::map<std::string, int> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
