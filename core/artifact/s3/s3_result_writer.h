// Writes a result into a bucket: each Write becomes a piece, and counts once the manifest names it. The manifest is
// changed by conditional writes alone, which order the writers of all processes and fence those with a smaller token.
// Before it: the video encoder, through the worker. After it: readers, of any process. Not thread-safe; must not
// outlive its store.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/artifact/artifact_store.h"
#include "core/artifact/byte_budget.h"
#include "core/artifact/s3/manifest_objects.h"
#include "core/digest/sha256.h"
#include "core/s3/s3_client.h"

namespace ruyi {

// Holds what the results of one store share.
struct S3ResultContext {
  S3Client& s3;
  ByteBudget& budget;
  std::function<void(const std::string& job_id)> notify;  // after a change; called without locks
};

class S3ResultWriter final : public ResultWriter {
 public:
  // See ArtifactStore::OpenResult. `context` must outlive the writer.
  static absl::StatusOr<std::unique_ptr<S3ResultWriter>> Open(const S3ResultContext& context, const std::string& job_id,
                                                              int64_t token);

  // After UNAVAILABLE the same bytes may be written again: whether they came to be there is found out then.
  absl::Status Write(std::span<const uint8_t> bytes) override;
  absl::StatusOr<FileDigest> Seal() override;

 private:
  S3ResultWriter(const S3ResultContext& context, std::string job_id, int64_t token, StoredManifest stored)
      : context_(context), job_id_(std::move(job_id)), token_(token), stored_(std::move(stored)) {}

  // Finds the result, or begins it, with a token that is not smaller than any before. Returns nullopt when another
  // changed it meanwhile.
  static absl::StatusOr<std::optional<StoredManifest>> Begin(S3Client& s3, const std::string& job_id, int64_t token);

  // Reads the manifest again. ABORTED LEASE_LOST: it is another's.
  absl::Status Reload();
  absl::Status CheckLease(const ResultManifest& manifest) const;

  // Replaces the manifest. Returns false, having reloaded it, when another changed it meanwhile.
  absl::StatusOr<bool> Commit(const ResultManifest& next);

  // Compares `bytes` with those that lie at the writer's offset already.
  absl::Status Compare(std::string_view bytes) const;

  // Adds `bytes` as a piece. Returns false when another changed the result meanwhile.
  absl::StatusOr<bool> Append(std::string_view bytes);
  absl::StatusOr<bool> AddPiece(ResultPiece piece, std::string_view bytes);

  absl::Status WriteAll(std::string_view bytes);
  absl::Status SealAll();

  const S3ResultContext& context_;
  const std::string job_id_;
  const int64_t token_;
  StoredManifest stored_;
  Sha256 sha256_;        // of the bytes that were written through this writer
  int64_t written_ = 0;  // their number
  std::string digest_;   // of all bytes, set once no more may come
};

}  // namespace ruyi
