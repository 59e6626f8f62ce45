#include "core/artifact/s3/s3_results.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/artifact/artifact_error.h"
#include "core/artifact/artifact_names.h"
#include "core/artifact/s3/object_names.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr int64_t kCopyBytes = 8 << 20;
constexpr int64_t kTokenOfCopies = 0;  // smaller than that of any lease

absl::Status PiecesGone(const std::string& job_id) {
  return ArtifactCorrupt(
      absl::StrCat("pieces of the result of job ", job_id, " are gone; delete the result and make it again"));
}

std::vector<S3Entry> PiecesIn(const std::vector<S3Entry>& entries) {
  std::vector<S3Entry> pieces;
  for (const S3Entry& entry : entries) {
    const std::optional<ResultKey> key = ParseResultKey(entry.key);
    if (key.has_value() && !key->is_manifest)
      pieces.push_back(entry);
  }
  return pieces;
}

// Returns the jobs whose manifests are among the entries.
std::set<std::string> JobsIn(const std::vector<S3Entry>& entries) {
  std::set<std::string> ids;
  for (const S3Entry& entry : entries) {
    const std::optional<ResultKey> key = ParseResultKey(entry.key);
    if (key.has_value() && key->is_manifest)
      ids.insert(key->job_id);
  }
  return ids;
}

std::span<const uint8_t> SpanOf(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

absl::StatusOr<std::unique_ptr<ResultWriter>> S3Results::OpenResult(const std::string& job_id, int64_t token) {
  RUYI_RETURN_IF_ERROR(CheckJobId(job_id));
  return S3ResultWriter::Open(context_, job_id, token);
}

absl::StatusOr<FileDigest> S3Results::ShareResult(const std::string& from, const std::string& to) {
  RUYI_RETURN_IF_ERROR(CheckJobId(to));
  RUYI_ASSIGN_OR_RETURN(const StoredManifest source, Load(from));
  if (!source.manifest.is_sealed())
    return NoResult(from);
  const absl::StatusOr<StoredManifest> present = Load(to);
  if (!present.ok() && !absl::IsNotFound(present.status()))
    return present.status();
  if (present.ok() && present->manifest.is_sealed()) {
    if (present->manifest.digest() == source.manifest.digest())
      return source.manifest.digest();
    return absl::FailedPreconditionError(absl::StrCat("job ", to, " has another result, which is sealed"));
  }
  return CopyTo(to, from, source.manifest);
}

// Everything is checked before a byte of it is shown as the other's.
absl::StatusOr<FileDigest> S3Results::CopyTo(const std::string& to, const std::string& from,
                                             const ResultManifest& manifest) {
  const int64_t size = manifest.size_bytes();
  std::vector<std::string> parts;
  for (int64_t offset = 0; offset < size; offset += kCopyBytes) {
    RUYI_ASSIGN_OR_RETURN(const ResultBytes part, ReadOf(from, manifest, offset, kCopyBytes));
    parts.push_back(part.data);
  }
  RUYI_RETURN_IF_ERROR(DeleteResult(to));
  RUYI_ASSIGN_OR_RETURN(const std::unique_ptr<ResultWriter> writer, OpenResult(to, kTokenOfCopies));
  for (const std::string& part : parts)
    RUYI_RETURN_IF_ERROR(writer->Write(SpanOf(part)));
  return writer->Seal();
}

absl::StatusOr<ResultBytes> S3Results::ReadResult(const std::string& job_id, int64_t offset, int64_t max_bytes) const {
  if (const auto known = sealed_.Find(job_id); known != nullptr && known->size_bytes() > offset && max_bytes > 0) {
    const absl::StatusOr<ResultBytes> bytes = ReadOf(job_id, *known, offset, max_bytes);
    if (!absl::IsNotFound(bytes.status()))
      return bytes;
    sealed_.Forget(job_id);
  }
  RUYI_ASSIGN_OR_RETURN(const StoredManifest stored, Load(job_id));
  const absl::StatusOr<ResultBytes> bytes = ReadOf(job_id, stored.manifest, offset, max_bytes);
  if (!absl::IsNotFound(bytes.status()))
    return bytes;
  // Either it was deleted just now, or its pieces were taken from under it.
  RUYI_RETURN_IF_ERROR(Load(job_id).status());
  return PiecesGone(job_id);
}

absl::StatusOr<ResultBytes> S3Results::ReadOf(const std::string& job_id, const ResultManifest& manifest, int64_t offset,
                                              int64_t max_bytes) const {
  const int64_t size = manifest.size_bytes();
  RUYI_RETURN_IF_ERROR(CheckOffset(offset, size));
  const int64_t count = std::clamp<int64_t>(max_bytes, 0, size - offset);
  RUYI_ASSIGN_OR_RETURN(std::string bytes, ReadPieces(context_.s3, job_id, manifest, offset, count));
  return ResultBytes{.data = std::move(bytes), .is_end = manifest.is_sealed() && offset + count == size};
}

absl::StatusOr<ResultState> S3Results::StatResult(const std::string& job_id) const {
  RUYI_ASSIGN_OR_RETURN(const StoredManifest stored, Load(job_id));
  const ResultManifest& manifest = stored.manifest;
  if (!manifest.is_sealed())
    return ResultState{.size_bytes = manifest.size_bytes()};
  RUYI_RETURN_IF_ERROR(CheckPieces(job_id, manifest));
  return ResultState{.size_bytes = manifest.size_bytes(), .is_sealed = true, .digest = manifest.digest()};
}

absl::Status S3Results::CheckPieces(const std::string& job_id, const ResultManifest& manifest) const {
  RUYI_ASSIGN_OR_RETURN(const std::vector<S3Entry> entries, context_.s3.List(ResultPrefix(job_id)));
  std::map<std::string, int64_t> sizes;
  for (const S3Entry& entry : entries)
    sizes[entry.key] = entry.size_bytes;
  for (const ResultPiece& piece : manifest.pieces) {
    const auto found = sizes.find(PieceKey(job_id, manifest.run, piece.name));
    if (found == sizes.end() && !sizes.contains(ManifestKey(job_id)))
      return NoResult(job_id);  // it was deleted just now
    if (found == sizes.end() || found->second != piece.size_bytes)
      return PiecesGone(job_id);
  }
  return absl::OkStatus();
}

// The pieces are listed before the manifest is deleted, so that none of them belongs to a result that is begun anew.
absl::Status S3Results::DeleteResult(const std::string& job_id) {
  if (!IsJobId(job_id))
    return absl::OkStatus();
  RUYI_ASSIGN_OR_RETURN(const std::vector<S3Entry> entries, context_.s3.List(ResultPrefix(job_id)));
  if (entries.empty())
    return absl::OkStatus();
  RUYI_RETURN_IF_ERROR(context_.s3.Delete(ManifestKey(job_id)));
  sealed_.Forget(job_id);
  context_.notify(job_id);
  for (const S3Entry& piece : PiecesIn(entries)) {
    RUYI_RETURN_IF_ERROR(context_.s3.Delete(piece.key));
    context_.budget.Release(piece.size_bytes);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> S3Results::ResultIds() const {
  RUYI_ASSIGN_OR_RETURN(const std::vector<S3Entry> entries, context_.s3.List(kResultsPrefix));
  const std::set<std::string> ids = JobsIn(entries);
  return std::vector<std::string>(ids.begin(), ids.end());
}

// A result has its manifest before its first piece, and loses it before its pieces.
absl::StatusOr<SweptBytes> S3Results::Sweep() {
  RUYI_ASSIGN_OR_RETURN(const std::vector<S3Entry> entries, context_.s3.List(kResultsPrefix));
  const std::set<std::string> jobs = JobsIn(entries);
  SweptBytes bytes;
  for (const S3Entry& piece : PiecesIn(entries)) {
    const bool is_needed = jobs.contains(ParseResultKey(piece.key)->job_id);
    if (!is_needed)
      RUYI_RETURN_IF_ERROR(context_.s3.Delete(piece.key));
    (is_needed ? bytes.left : bytes.swept) += piece.size_bytes;
  }
  return bytes;
}

absl::StatusOr<StoredManifest> S3Results::Load(const std::string& job_id) const {
  if (!IsJobId(job_id))
    return NoResult(job_id);
  absl::StatusOr<StoredManifest> stored = LoadManifest(context_.s3, job_id);
  if (stored.ok() && stored->manifest.is_sealed())
    sealed_.Keep(job_id, stored->manifest);
  else
    sealed_.Forget(job_id);
  return stored;
}

}  // namespace ruyi
