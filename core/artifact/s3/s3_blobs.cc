#include "core/artifact/s3/s3_blobs.h"

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/artifact/artifact_error.h"
#include "core/artifact/artifact_names.h"
#include "core/artifact/s3/object_names.h"
#include "core/base/status_macros.h"
#include "core/digest/sha256.h"
#include "core/s3/s3_error.h"

namespace ruyi {
namespace {

int64_t SizeOf(const std::vector<S3Entry>& entries) {
  int64_t size = 0;
  for (const S3Entry& entry : entries)
    size += entry.size_bytes;
  return size;
}

}  // namespace

// What was there goes after the new object has come: there is no moment without the blob, and what was damaged is put
// right. Only bytes beyond those that go count against the budget.
absl::StatusOr<std::string> S3Blobs::PutBlob(std::string_view bytes, absl::Time now) {
  std::string sha256 = Sha256Hex(bytes);
  const ByteBudget::Writing writing(budget_);
  RUYI_ASSIGN_OR_RETURN(const std::vector<S3Entry> before, s3_.List(BlobPrefix(sha256)));
  const auto size = static_cast<int64_t>(bytes.size());
  if (before.empty())
    RUYI_RETURN_IF_ERROR(budget_.Reserve(size));
  if (const absl::Status status = s3_.Put(NewBlobKey(sha256, now), bytes).status(); !status.ok()) {
    budget_.Release(before.empty() ? size : 0);
    return status;
  }
  if (!before.empty())
    budget_.Release(SizeOf(before) - size);
  for (const S3Entry& entry : before) {
    const std::optional<BlobKey> key = ParseBlobKey(entry.key);
    if (key.has_value() && key->time <= now)
      s3_.Delete(entry.key).IgnoreError();  // the next sweep takes it
  }
  return sha256;
}

// The newest object may be gone by now, because the blob was put again. A popular blob that is read over a slow network
// may be put again each time that it is looked for.
absl::StatusOr<std::string> S3Blobs::ReadBlob(const std::string& sha256) const {
  constexpr int kMostLooks = 5;
  if (!IsSha256(sha256))
    return NoBlob(sha256);
  for (int look = 0; look < kMostLooks; ++look) {
    RUYI_ASSIGN_OR_RETURN(const std::vector<S3Entry> entries, s3_.List(BlobPrefix(sha256)));
    if (entries.empty())
      return NoBlob(sha256);
    absl::StatusOr<S3Object> object = s3_.Get(entries.back().key);
    if (absl::IsNotFound(object.status()))
      continue;
    RUYI_RETURN_IF_ERROR(object.status());
    if (Sha256Hex(object->bytes) != sha256)
      return ArtifactCorrupt(absl::StrCat("the bytes of blob ", sha256, " have changed; put it again"));
    return std::move(object->bytes);
  }
  return StoreUnavailable(absl::StrCat("blob ", sha256, " is put again faster than it is read; try again"));
}

absl::StatusOr<BlobState> S3Blobs::StatBlob(const std::string& sha256) const {
  if (!IsSha256(sha256))
    return NoBlob(sha256);
  RUYI_ASSIGN_OR_RETURN(const std::vector<S3Entry> entries, s3_.List(BlobPrefix(sha256)));
  const std::optional<BlobKey> key = entries.empty() ? std::nullopt : ParseBlobKey(entries.back().key);
  if (!key.has_value())
    return NoBlob(sha256);
  return BlobState{.size_bytes = entries.back().size_bytes, .expire_time = key->time + ttl_};
}

absl::Status S3Blobs::DeleteBlob(const std::string& sha256) {
  if (!IsSha256(sha256))
    return absl::OkStatus();
  RUYI_ASSIGN_OR_RETURN(const std::vector<S3Entry> entries, s3_.List(BlobPrefix(sha256)));
  for (const S3Entry& entry : entries) {
    RUYI_RETURN_IF_ERROR(s3_.Delete(entry.key));
    budget_.Release(entry.size_bytes);
  }
  return absl::OkStatus();
}

absl::StatusOr<SweptBytes> S3Blobs::Sweep(const std::set<std::string>* referenced, absl::Time now) {
  RUYI_ASSIGN_OR_RETURN(const std::vector<S3Entry> entries, s3_.List(kBlobsPrefix));
  SweptBytes bytes;
  for (size_t i = 0; i < entries.size(); ++i) {
    const std::optional<BlobKey> key = ParseBlobKey(entries[i].key);
    if (!key.has_value())
      continue;
    const std::optional<BlobKey> next = i + 1 < entries.size() ? ParseBlobKey(entries[i + 1].key) : std::nullopt;
    const bool is_newest = !next.has_value() || next->sha256 != key->sha256;
    const bool is_over = referenced != nullptr && key->time + ttl_ <= now && !referenced->contains(key->sha256);
    if (!is_newest || is_over)
      RUYI_RETURN_IF_ERROR(s3_.Delete(entries[i].key));
    (!is_newest || is_over ? bytes.swept : bytes.left) += entries[i].size_bytes;
  }
  return bytes;
}

}  // namespace ruyi
