// Keeps the blobs of a store in a bucket. Each time that a blob is put it becomes a new object, whose key has the time;
// the newest one counts. So no clean-up can take a blob that is being put again, and a listing alone says how old blobs
// are. Before it: S3ArtifactStore. After it: core/s3. Other processes may work in the same bucket. Thread-safe.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/artifact/artifact_store.h"
#include "core/artifact/byte_budget.h"
#include "core/s3/s3_client.h"

namespace ruyi {

// Bytes that a sweep has deleted, and those that it has found and left.
struct SweptBytes {
  int64_t swept = 0;
  int64_t left = 0;
};

class S3Blobs {
 public:
  // Both must outlive it. A blob lives for `ttl` after it was last put.
  S3Blobs(S3Client& s3, ByteBudget& budget, absl::Duration ttl) : s3_(s3), budget_(budget), ttl_(ttl) {}

  // These are the methods of ArtifactStore with the same names; `now` is Clock::AgingTime, and so is the expire_time of
  // a state.
  absl::StatusOr<std::string> PutBlob(std::string_view bytes, absl::Time now);
  absl::StatusOr<std::string> ReadBlob(const std::string& sha256) const;
  absl::StatusOr<BlobState> StatBlob(const std::string& sha256) const;
  absl::Status DeleteBlob(const std::string& sha256);

  // Lists all blobs and deletes those whose time is over and whose sha256 is not in `referenced` (nullptr: none), and
  // objects that a newer one has replaced. Does not touch the budget.
  absl::StatusOr<SweptBytes> Sweep(const std::set<std::string>* referenced, absl::Time now);

 private:
  S3Client& s3_;
  ByteBudget& budget_;
  const absl::Duration ttl_;
};

}  // namespace ruyi
