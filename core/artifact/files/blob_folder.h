// Keeps the blobs of a store: bytes named by their sha256, in 256 folders by its first two digits. Before it:
// FileArtifactStore. After it: the files. The time of a file is when its blob was put last, by Clock::AgingTime. Other
// processes may work in the same folder. Thread-safe.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/artifact/artifact_store.h"
#include "core/artifact/files/disk_budget.h"
#include "core/artifact/files/disk_operations.h"
#include "core/artifact/files/file_descriptor.h"

namespace ruyi {

class BlobFolder {
 public:
  // `disk` and `budget` must outlive it. A blob lives for `ttl` after it was last put.
  BlobFolder(const DiskOperations& disk, DiskBudget& budget, std::string folder, std::string partial_folder,
             absl::Duration ttl)
      : disk_(disk),
        budget_(budget),
        folder_(std::move(folder)),
        partial_folder_(std::move(partial_folder)),
        ttl_(ttl) {}

  // These are the methods of ArtifactStore with the same names; `now` is Clock::AgingTime, and so is the
  // expire_time of a state.
  absl::StatusOr<std::string> PutBlob(std::string_view bytes, absl::Time now);
  absl::StatusOr<std::string> ReadBlob(const std::string& sha256) const;
  absl::StatusOr<BlobState> StatBlob(const std::string& sha256) const;
  absl::Status DeleteBlob(const std::string& sha256);
  absl::Status SweepBlobs(const std::set<std::string>& referenced, absl::Time now);

 private:
  std::string ShardOf(const std::string& sha256) const;
  std::string PathOf(const std::string& sha256) const;

  // Begins the lifetime of the blob at `path` anew. Returns false when there is none with these bytes.
  absl::StatusOr<bool> Renew(const std::string& path, std::string_view bytes, absl::Time now);

  // Makes the folder of a blob, if need be, so that it outlives a crash.
  absl::Status MakeShard(const std::string& shard) ABSL_EXCLUSIVE_LOCKS_REQUIRED(naming_);
  absl::Status WriteNew(const std::string& sha256, std::string_view bytes, absl::Time now);

  // Deletes the blob at `path` if its time is over.
  absl::Status SweepBlob(const std::string& path, absl::Time now);
  bool IsOver(const struct stat& state, absl::Time now) const;

  const DiskOperations& disk_;
  DiskBudget& budget_;
  const std::string folder_;
  const std::string partial_folder_;
  const absl::Duration ttl_;
  absl::Mutex naming_;  // so that no blob takes the place of another, which the budget would count on
  std::set<std::string> lasting_shards_ ABSL_GUARDED_BY(naming_);  // folders that outlive a crash
};

}  // namespace ruyi
