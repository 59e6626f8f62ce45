// Reads and writes the manifests of results in a bucket, and the bytes of their pieces. Before it: s3_results.h,
// s3_result_writer.h. After it: core/s3. Functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/artifact/s3/result_manifest.h"
#include "core/s3/s3_client.h"

namespace ruyi {

// A manifest and the etag of the object that it was read from.
struct StoredManifest {
  ResultManifest manifest;
  std::string etag;
};

// Returns the manifest of the job's result. NOT_FOUND: the job has no result. DATA_LOSS ARTIFACT_CORRUPT.
absl::StatusOr<StoredManifest> LoadManifest(S3Client& s3, const std::string& job_id);

// Writes the first manifest of a result and returns its etag. FAILED_PRECONDITION: there is one.
absl::StatusOr<std::string> CreateManifest(S3Client& s3, const std::string& job_id, const ResultManifest& manifest);

// Replaces the manifest that has `etag`, and returns the etag of the new one. FAILED_PRECONDITION: it has another etag
// by now, or is gone.
absl::StatusOr<std::string> ReplaceManifest(S3Client& s3, const std::string& job_id, const ResultManifest& manifest,
                                            const std::string& etag);

// Returns bytes [offset, offset + count) of the result, which must all be there. Reads whole blocks of pieces, and
// checks them. NOT_FOUND: a piece is gone. DATA_LOSS ARTIFACT_CORRUPT: a piece is not as it was written.
absl::StatusOr<std::string> ReadPieces(S3Client& s3, const std::string& job_id, const ResultManifest& manifest,
                                       int64_t offset, int64_t count);

}  // namespace ruyi
