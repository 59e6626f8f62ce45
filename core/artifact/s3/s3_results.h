// Reads, deletes and shares the results of a store in a bucket, and makes their writers. Before it: S3ArtifactStore.
// After it: core/s3. Other processes may work in the same bucket. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/artifact/artifact_store.h"
#include "core/artifact/byte_budget.h"
#include "core/artifact/s3/manifest_objects.h"
#include "core/artifact/s3/s3_blobs.h"
#include "core/artifact/s3/s3_result_writer.h"
#include "core/artifact/s3/sealed_manifests.h"
#include "core/s3/s3_client.h"

namespace ruyi {

class S3Results {
 public:
  // The client and the budget must outlive it. `notify` is called after each change of a job's result, without locks.
  S3Results(S3Client& s3, ByteBudget& budget, std::function<void(const std::string& job_id)> notify)
      : context_{s3, budget, std::move(notify)} {}

  // These are the methods of ArtifactStore with the same names.
  absl::StatusOr<std::unique_ptr<ResultWriter>> OpenResult(const std::string& job_id, int64_t token);
  absl::StatusOr<FileDigest> ShareResult(const std::string& from, const std::string& to);
  absl::StatusOr<ResultBytes> ReadResult(const std::string& job_id, int64_t offset, int64_t max_bytes) const;
  absl::StatusOr<ResultState> StatResult(const std::string& job_id) const;
  absl::Status DeleteResult(const std::string& job_id);
  absl::StatusOr<std::vector<std::string>> ResultIds() const;

  // Lists all results and deletes pieces that have no manifest: what is left of a deletion that was cut short. Does not
  // touch the budget.
  absl::StatusOr<SweptBytes> Sweep();

 private:
  absl::StatusOr<StoredManifest> Load(const std::string& job_id) const;
  absl::StatusOr<ResultBytes> ReadOf(const std::string& job_id, const ResultManifest& manifest, int64_t offset,
                                     int64_t max_bytes) const;

  // Returns ARTIFACT_CORRUPT unless all pieces are there in their sizes.
  absl::Status CheckPieces(const std::string& job_id, const ResultManifest& manifest) const;
  absl::StatusOr<FileDigest> CopyTo(const std::string& to, const std::string& from, const ResultManifest& manifest);

  const S3ResultContext context_;
  mutable SealedManifests sealed_;
};

}  // namespace ruyi
