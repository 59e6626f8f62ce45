// Keeps artifacts as objects in a bucket, which any number of processes may use at once (docs/adr/0017). Before it: the
// server and its workers. After it: core/s3. Every call blocks on the server of the bucket. Calls end with UNAVAILABLE
// STORE_UNAVAILABLE while it is away, and may be made again then. Thread-safe; writers and subscriptions must not
// outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/artifact/artifact_store.h"
#include "core/artifact/byte_budget.h"
#include "core/artifact/s3/s3_blobs.h"
#include "core/artifact/s3/s3_results.h"
#include "core/base/change_hub.h"
#include "core/base/clock.h"
#include "core/s3/s3_client.h"

namespace ruyi {

struct S3ArtifactOptions {
  absl::Duration blob_ttl = absl::InfiniteDuration();  // how long a blob lives that nothing refers to
  std::optional<int64_t> max_bytes;                    // of all blobs and results together
  absl::Duration sweep_interval = absl::Minutes(1);    // SweepBlobs lists the bucket no more often than that
};

class S3ArtifactStore final : public ArtifactStore {
 public:
  // Opens the store: tries whether it can write there, and on conditions, and counts the bytes that are there. `clock`
  // must outlive the store. UNAVAILABLE STORE_UNAVAILABLE: it cannot; the message says what to do. FAILED_PRECONDITION:
  // the server ignores conditions of writes.
  static absl::StatusOr<std::unique_ptr<S3ArtifactStore>> Open(std::unique_ptr<S3Client> s3,
                                                               const S3ArtifactOptions& options, const Clock& clock);

  // These are the methods of ArtifactStore. They end with UNAVAILABLE STORE_UNAVAILABLE too.
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

  // Does nothing within the interval after the last time. Also deletes what deletions that were cut short have left,
  // and counts all bytes anew, for other processes write and delete too.
  absl::Status SweepBlobs(const std::set<std::string>& referenced) override;

  // Counts bytes of blobs and of pieces, by the last listing and by what this process has done since.
  absl::StatusOr<int64_t> UsedBytes() const override;
  std::unique_ptr<Subscription> Subscribe(const std::string& job_id, std::function<void()> listener) override;

 private:
  S3ArtifactStore(std::unique_ptr<S3Client> s3, const S3ArtifactOptions& options, const Clock& clock);

  absl::Status TryConditions();

  // Lists everything and deletes what is not needed; nullptr: of the blobs, all are.
  absl::StatusOr<SweptBytes> Sweep(const std::set<std::string>* referenced);
  bool IsTimeToSweep();

  const std::unique_ptr<S3Client> s3_;
  const S3ArtifactOptions options_;
  const Clock& clock_;
  ChangeHub changes_;
  ByteBudget budget_;
  S3Blobs blobs_;
  S3Results results_;
  absl::Mutex mutex_;
  absl::Duration next_sweep_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
