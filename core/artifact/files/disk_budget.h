// Counts how many bytes the files of a store take, and says whether more may come. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/artifact/files/disk_operations.h"

namespace ruyi {

class DiskBudget {
 public:
  struct Limits {
    std::optional<int64_t> max_bytes;  // of all files together; absent: as much as the disk has
    int64_t min_free_bytes = 0;        // what the disk keeps free for others
  };

  // Must live while bytes that were reserved are being written, so that nobody counts files meanwhile.
  class Writing {
   public:
    explicit Writing(DiskBudget& budget);
    Writing(Writing&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)) {}
    Writing& operator=(Writing&&) = delete;
    ~Writing();

   private:
    DiskBudget* budget_;
  };

  // `folder` lies on the disk whose free space is watched.
  DiskBudget(std::string folder, const Limits& limits) : folder_(std::move(folder)), limits_(limits) {}

  // Counts `bytes` that are about to be written. RESOURCE_EXHAUSTED DISK_FULL: they must not be written, and are not
  // counted.
  absl::Status Reserve(int64_t bytes);

  // Takes `bytes` off the count: they were deleted, or not written after all.
  void Release(int64_t bytes);

  // Deletes the file `path`, and takes its bytes off the count unless the file has another name. Returns OK also when
  // there is no such file. Blocks on the disk.
  absl::Status Delete(const DiskOperations& disk, const std::string& path);

  // Sets the count to what `count` finds on the disk, unless this process writes or deletes meanwhile. So the count
  // also learns what other processes have written and deleted.
  absl::Status Recount(const std::function<absl::StatusOr<int64_t>()>& count);

  int64_t used_bytes() const;

 private:
  absl::Status CheckFree(int64_t bytes) const;

  const std::string folder_;
  const Limits limits_;
  absl::Mutex deleting_;  // so that only one of two names of a file is found to be the last
  mutable absl::Mutex mutex_ ABSL_ACQUIRED_AFTER(deleting_);
  int64_t used_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t changes_ ABSL_GUARDED_BY(mutex_) = 0;
  int writing_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ruyi
