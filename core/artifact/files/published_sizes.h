// Says how much of each result the readers of this process may see while a writer of this process appends to it: the
// bytes that outlive a crash, not those that are still being written. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ruyi {

// A size in bytes, which the writers of one result hold together.
using PublishedSize = std::shared_ptr<std::atomic<int64_t>>;

class PublishedSizes {
 public:
  // Returns the size that all writers of the result share, and sets it to `size_bytes`.
  PublishedSize Share(const std::string& job_id, int64_t size_bytes);

  // Returns the size; absent: this process has no writer of the result.
  std::optional<int64_t> Find(const std::string& job_id) const;

  // Lets a later result of the job begin anew; writers keep what they hold.
  void Forget(const std::string& job_id);

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, std::weak_ptr<std::atomic<int64_t>>> sizes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
