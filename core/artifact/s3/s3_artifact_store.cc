#include "core/artifact/s3/s3_artifact_store.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/artifact/artifact_error.h"
#include "core/artifact/s3/object_names.h"
#include "core/base/status_macros.h"

namespace ruyi {
absl::StatusOr<std::unique_ptr<S3ArtifactStore>> S3ArtifactStore::Open(std::unique_ptr<S3Client> s3,
                                                                       const S3ArtifactOptions& options,
                                                                       const Clock& clock) {
  auto store = absl::WrapUnique(new S3ArtifactStore(std::move(s3), options, clock));
  RUYI_RETURN_IF_ERROR(store->TryConditions());
  RUYI_RETURN_IF_ERROR(store->budget_.Recount([&]() -> absl::StatusOr<int64_t> {
    RUYI_ASSIGN_OR_RETURN(const SweptBytes bytes, store->Sweep(nullptr));
    return bytes.left;
  }));
  return store;
}

S3ArtifactStore::S3ArtifactStore(std::unique_ptr<S3Client> s3, const S3ArtifactOptions& options, const Clock& clock)
    : s3_(std::move(s3)),
      options_(options),
      clock_(clock),
      budget_(options.max_bytes),
      blobs_(*s3_, budget_, options.blob_ttl),
      results_(*s3_, budget_, [this](const std::string& job_id) { changes_.Notify(job_id); }),
      next_sweep_(clock.Elapsed()) {}

// Without conditions two workers could write one result.
absl::Status S3ArtifactStore::TryConditions() {
  const std::string key = kProbesPrefix + RandomName();
  RUYI_RETURN_IF_ERROR(s3_->Put(key, "one").status());
  for (const S3Condition& condition : {S3Condition::IfAbsent(), S3Condition::IfUnchanged("\"another\"")}) {
    const absl::Status refused = s3_->Put(key, "two", condition).status();
    if (refused.ok())
      return absl::FailedPreconditionError(absl::StrCat("the server of the bucket ignores ", condition.header,
                                                        " on writes: use one that does not, or a folder"));
    if (!absl::IsFailedPrecondition(refused))
      return refused;
  }
  return s3_->Delete(key);
}

absl::StatusOr<std::string> S3ArtifactStore::Owner() const {
  const absl::StatusOr<S3Object> owner = s3_->Get(kOwnerKey);
  if (absl::IsNotFound(owner.status()))
    return NoOwner(s3_->UrlOf(kOwnerKey));
  RUYI_RETURN_IF_ERROR(owner.status());
  return std::string(absl::StripAsciiWhitespace(owner->bytes));
}

// Who comes second finds what the first one wrote.
absl::Status S3ArtifactStore::BelongTo(const std::string& jobs) {
  absl::StatusOr<std::string> owner = Owner();
  if (absl::IsNotFound(owner.status())) {
    const absl::Status put = s3_->Put(kOwnerKey, jobs, S3Condition::IfAbsent()).status();
    if (!put.ok() && !absl::IsFailedPrecondition(put))
      return put;
    owner = Owner();
  }
  RUYI_RETURN_IF_ERROR(owner.status());
  return CheckOwner(s3_->UrlOf(kOwnerKey), *owner, jobs);
}

absl::StatusOr<std::string> S3ArtifactStore::PutBlob(std::string_view bytes) {
  return blobs_.PutBlob(bytes, clock_.AgingTime());
}

absl::StatusOr<std::string> S3ArtifactStore::ReadBlob(const std::string& sha256) const {
  return blobs_.ReadBlob(sha256);
}

absl::StatusOr<BlobState> S3ArtifactStore::StatBlob(const std::string& sha256) const {
  RUYI_ASSIGN_OR_RETURN(BlobState state, blobs_.StatBlob(sha256));
  state.expire_time += clock_.Now() - clock_.AgingTime();
  return state;
}

absl::Status S3ArtifactStore::DeleteBlob(const std::string& sha256) {
  return blobs_.DeleteBlob(sha256);
}

absl::StatusOr<std::unique_ptr<ResultWriter>> S3ArtifactStore::OpenResult(const std::string& job_id, int64_t token) {
  return results_.OpenResult(job_id, token);
}

absl::StatusOr<FileDigest> S3ArtifactStore::ShareResult(const std::string& from, const std::string& to) {
  return results_.ShareResult(from, to);
}

absl::StatusOr<ResultBytes> S3ArtifactStore::ReadResult(const std::string& job_id, int64_t offset,
                                                        int64_t max_bytes) const {
  return results_.ReadResult(job_id, offset, max_bytes);
}

absl::StatusOr<ResultState> S3ArtifactStore::StatResult(const std::string& job_id) const {
  return results_.StatResult(job_id);
}

absl::Status S3ArtifactStore::DeleteResult(const std::string& job_id) {
  return results_.DeleteResult(job_id);
}

absl::StatusOr<std::vector<std::string>> S3ArtifactStore::ResultIds() const {
  return results_.ResultIds();
}

// What is left becomes the count, unless this process writes meanwhile; then only what was swept is taken off, and the
// next sweep counts.
absl::Status S3ArtifactStore::SweepBlobs(const std::set<std::string>& referenced) {
  if (!IsTimeToSweep())
    return absl::OkStatus();
  bool has_swept = false;
  RUYI_RETURN_IF_ERROR(budget_.Recount([&]() -> absl::StatusOr<int64_t> {
    has_swept = true;
    RUYI_ASSIGN_OR_RETURN(const SweptBytes bytes, Sweep(&referenced));
    return bytes.left;
  }));
  if (has_swept)
    return absl::OkStatus();
  RUYI_ASSIGN_OR_RETURN(const SweptBytes bytes, Sweep(&referenced));
  budget_.Release(bytes.swept);
  return absl::OkStatus();
}

bool S3ArtifactStore::IsTimeToSweep() {
  absl::MutexLock lock(&mutex_);
  if (clock_.Elapsed() < next_sweep_)
    return false;
  next_sweep_ = clock_.Elapsed() + options_.sweep_interval;
  return true;
}

absl::StatusOr<SweptBytes> S3ArtifactStore::Sweep(const std::set<std::string>* referenced) {
  RUYI_ASSIGN_OR_RETURN(const SweptBytes blobs, blobs_.Sweep(referenced, clock_.AgingTime()));
  RUYI_ASSIGN_OR_RETURN(const SweptBytes results, results_.Sweep());
  return SweptBytes{.swept = blobs.swept + results.swept, .left = blobs.left + results.left};
}

absl::StatusOr<int64_t> S3ArtifactStore::UsedBytes() const {
  return budget_.used_bytes();
}

std::unique_ptr<Subscription> S3ArtifactStore::Subscribe(const std::string& job_id, std::function<void()> listener) {
  return changes_.Subscribe(job_id, std::move(listener));
}

}  // namespace ruyi
