// Keeps artifacts as files below one folder, which several processes may use at once. Blobs are blobs/ab/abcdef…;
// results are results/ID.mp4, with ID.seal beside it once it is whole and ID.tokens until then; partial/ holds files
// that have no name yet. Before it: the server and its workers. After it: a disk. Every call blocks on the disk.
// Thread-safe; writers and subscriptions must not outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/artifact/artifact_store.h"
#include "core/artifact/files/blob_folder.h"
#include "core/artifact/files/disk_budget.h"
#include "core/artifact/files/disk_operations.h"
#include "core/artifact/files/result_folder.h"
#include "core/base/change_hub.h"
#include "core/base/clock.h"

namespace ruyi {

struct FileArtifactStoreOptions {
  absl::Duration blob_ttl = absl::InfiniteDuration();  // how long a blob lives that nothing refers to
  DiskBudget::Limits limits;
  DiskOperations::Boundary at_boundary;  // for tests
};

class FileArtifactStore final : public ArtifactStore {
 public:
  // Opens the store in `folder`, which is made when it is missing. Deletes what a process that died left half-done, and
  // counts the bytes that are there. `clock` must outlive the store. FAILED_PRECONDITION: the folder cannot be made.
  // INTERNAL: the disk failed.
  static absl::StatusOr<std::unique_ptr<FileArtifactStore>> Open(const std::string& folder,
                                                                 FileArtifactStoreOptions options, const Clock& clock);

  // These are the methods of ArtifactStore. They end with INTERNAL too, when the disk fails.
  absl::StatusOr<std::string> Owner() const override;
  absl::Status BelongTo(const std::string& jobs) override;
  absl::StatusOr<std::string> PutBlob(std::string_view bytes) override;
  absl::StatusOr<std::string> ReadBlob(const std::string& sha256) const override;
  absl::StatusOr<BlobState> StatBlob(const std::string& sha256) const override;
  absl::Status DeleteBlob(const std::string& sha256) override;
  absl::StatusOr<std::unique_ptr<ResultWriter>> OpenResult(const std::string& job_id, int64_t token) override;
  absl::StatusOr<FileDigest> ShareResult(const std::string& from, const std::string& to) override;
  absl::StatusOr<ResultBytes> ReadResult(const std::string& job_id, int64_t offset, int64_t max_bytes) const override;
  absl::StatusOr<ResultState> StatResult(const std::string& job_id) const override;
  absl::Status DeleteResult(const std::string& job_id) override;
  absl::StatusOr<std::vector<std::string>> ResultIds() const override;

  // Also counts all bytes anew, for other processes may have written and deleted files.
  absl::Status SweepBlobs(const std::set<std::string>& referenced) override;

  absl::StatusOr<int64_t> UsedBytes() const override;
  std::unique_ptr<Subscription> Subscribe(const std::string& job_id, std::function<void()> listener) override;

 private:
  FileArtifactStore(const std::string& folder, FileArtifactStoreOptions options, const Clock& clock);

  absl::Status MakeFolders();
  absl::Status WriteOwner(const std::string& jobs);
  absl::Status Recount();

  const std::string folder_;
  const Clock& clock_;
  ChangeHub changes_;
  const DiskOperations disk_;
  DiskBudget budget_;
  BlobFolder blobs_;
  ResultFolder results_;
};

}  // namespace ruyi
