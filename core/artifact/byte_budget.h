// Counts how many bytes a store takes, and says whether more may come. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace ruyi {

class ByteBudget {
 public:
  // Must live while bytes that were reserved are being written, so that nobody counts what is there meanwhile.
  class Writing {
   public:
    explicit Writing(ByteBudget& budget);
    Writing(Writing&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)) {}
    Writing& operator=(Writing&&) = delete;
    ~Writing();

   private:
    ByteBudget* budget_;
  };

  // Allows `max_bytes`; absent: any number.
  explicit ByteBudget(std::optional<int64_t> max_bytes) : max_bytes_(max_bytes) {}

  // Counts `bytes` that are about to be written. RESOURCE_EXHAUSTED DISK_FULL: they must not be written, and are not
  // counted.
  absl::Status Reserve(int64_t bytes);

  // Takes `bytes` off the count: they were deleted, or not written after all.
  void Release(int64_t bytes);

  // Sets the count to what `count` finds, unless this process writes or deletes meanwhile. So the count also learns
  // what other processes have written and deleted.
  absl::Status Recount(const std::function<absl::StatusOr<int64_t>()>& count);

  int64_t used_bytes() const;

 private:
  const std::optional<int64_t> max_bytes_;
  mutable absl::Mutex mutex_;
  int64_t used_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t changes_ ABSL_GUARDED_BY(mutex_) = 0;
  int writing_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ruyi
