// Counts how many bytes the files of a store take, and says whether more may come. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/artifact/byte_budget.h"
#include "core/artifact/files/disk_operations.h"

namespace ruyi {

class DiskBudget {
 public:
  struct Limits {
    std::optional<int64_t> max_bytes;  // of all files together; absent: as much as the disk has
    int64_t min_free_bytes = 0;        // what the disk keeps free for others
  };

  // See ByteBudget::Writing.
  class Writing {
   public:
    explicit Writing(DiskBudget& budget) : writing_(budget.bytes_) {}

   private:
    ByteBudget::Writing writing_;
  };

  // `folder` lies on the disk whose free space is watched.
  DiskBudget(std::string folder, const Limits& limits)
      : folder_(std::move(folder)), min_free_bytes_(limits.min_free_bytes), bytes_(limits.max_bytes) {}

  // Counts `bytes` that are about to be written. RESOURCE_EXHAUSTED DISK_FULL: they must not be written, and are not
  // counted.
  absl::Status Reserve(int64_t bytes);

  // See ByteBudget::Release.
  void Release(int64_t bytes) { bytes_.Release(bytes); }

  // Deletes the file `path`, and takes its bytes off the count unless the file has another name. Returns OK also when
  // there is no such file. Blocks on the disk.
  absl::Status Delete(const DiskOperations& disk, const std::string& path);

  // See ByteBudget::Recount.
  absl::Status Recount(const std::function<absl::StatusOr<int64_t>()>& count) { return bytes_.Recount(count); }

  int64_t used_bytes() const { return bytes_.used_bytes(); }

 private:
  absl::Status CheckFree(int64_t bytes) const;

  const std::string folder_;
  const int64_t min_free_bytes_;
  absl::Mutex deleting_;  // so that only one of two names of a file is found to be the last
  ByteBudget bytes_;
};

}  // namespace ruyi
