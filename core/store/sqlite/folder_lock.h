// Keeps a state folder for one process: a lock that ends with the process, however it ends. Before it: SqliteJobStore.
// Owns the lock file's descriptor; thread-safe.
#pragma once

#include <filesystem>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace ruyi {

class FolderLock {
 public:
  // Locks `folder` by its file "lock", which says which process has it since `now`. FAILED_PRECONDITION: another
  // process has it, which the message names, or the file cannot be written.
  static absl::StatusOr<std::unique_ptr<FolderLock>> Take(const std::filesystem::path& folder, absl::Time now);

  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  const int descriptor_;
};

}  // namespace ruyi
