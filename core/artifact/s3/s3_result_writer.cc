#include "core/artifact/s3/s3_result_writer.h"

#include <algorithm>

#include "absl/memory/memory.h"
#include "absl/strings/str_format.h"
#include "core/artifact/artifact_error.h"
#include "core/artifact/s3/object_names.h"
#include "core/base/status_macros.h"

namespace ruyi {

absl::StatusOr<std::unique_ptr<S3ResultWriter>> S3ResultWriter::Open(const S3ResultContext& context,
                                                                     const std::string& job_id, int64_t token) {
  std::optional<StoredManifest> stored;
  while (!stored.has_value()) {
    RUYI_ASSIGN_OR_RETURN(stored, Begin(context.s3, job_id, token));
  }
  auto writer = absl::WrapUnique(new S3ResultWriter(context, job_id, token, *std::move(stored)));
  context.notify(job_id);
  return writer;
}

absl::StatusOr<std::optional<StoredManifest>> S3ResultWriter::Begin(S3Client& s3, const std::string& job_id,
                                                                    int64_t token) {
  absl::StatusOr<StoredManifest> stored = LoadManifest(s3, job_id);
  const bool is_new = absl::IsNotFound(stored.status());
  if (is_new)
    stored = StoredManifest{.manifest = {.run = RandomName(), .token = token, .pieces = {}, .sha256 = ""}, .etag = ""};
  RUYI_RETURN_IF_ERROR(stored.status());
  if (stored->manifest.is_sealed())
    return ResultSealed(job_id);
  if (token < stored->manifest.token)
    return ResultTokenTooSmall(job_id, stored->manifest.token, token);
  if (!is_new && token == stored->manifest.token)
    return *std::move(stored);
  stored->manifest.token = token;
  absl::StatusOr<std::string> etag = is_new ? CreateManifest(s3, job_id, stored->manifest)
                                            : ReplaceManifest(s3, job_id, stored->manifest, stored->etag);
  if (absl::IsFailedPrecondition(etag.status()))
    return std::nullopt;
  RUYI_RETURN_IF_ERROR(etag.status());
  stored->etag = *std::move(etag);
  return *std::move(stored);
}

absl::Status S3ResultWriter::Write(std::span<const uint8_t> bytes) {
  if (!digest_.empty())
    return ResultSealed(job_id_);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  RUYI_RETURN_IF_ERROR(WriteAll(text));
  sha256_.Update(text);
  written_ += static_cast<int64_t>(text.size());
  context_.notify(job_id_);
  return absl::OkStatus();
}

absl::StatusOr<FileDigest> S3ResultWriter::Seal() {
  if (digest_.empty())
    digest_ = sha256_.Finish();
  RUYI_RETURN_IF_ERROR(SealAll());
  context_.notify(job_id_);
  return stored_.manifest.digest();
}

absl::Status S3ResultWriter::WriteAll(std::string_view bytes) {
  // Nothing but the manifest says that the lease is lost where all that is to be written is there already.
  if (stored_.manifest.size_bytes() > written_)
    RUYI_RETURN_IF_ERROR(Reload());
  bool is_there = bytes.empty();
  while (!is_there) {
    const auto known = static_cast<size_t>(stored_.manifest.size_bytes() - written_);
    RUYI_RETURN_IF_ERROR(Compare(bytes.substr(0, known)));
    is_there = known >= bytes.size();
    if (!is_there) {
      RUYI_ASSIGN_OR_RETURN(is_there, Append(bytes.substr(known)));
    }
  }
  return absl::OkStatus();
}

absl::Status S3ResultWriter::SealAll() {
  bool is_done = false;
  while (!is_done) {
    if (stored_.manifest.size_bytes() != written_)
      return ResultChanged(
          absl::StrFormat("the result of job %s has %d bytes, and %d were written; delete it and begin anew", job_id_,
                          stored_.manifest.size_bytes(), written_));
    ResultManifest next = stored_.manifest;
    next.sha256 = digest_;
    RUYI_ASSIGN_OR_RETURN(is_done, Commit(next));
  }
  return absl::OkStatus();
}

absl::Status S3ResultWriter::Reload() {
  absl::StatusOr<StoredManifest> stored = LoadManifest(context_.s3, job_id_);
  if (absl::IsNotFound(stored.status()))
    return ResultLeaseLost(job_id_, "was deleted by another");
  RUYI_RETURN_IF_ERROR(stored.status());
  RUYI_RETURN_IF_ERROR(CheckLease(stored->manifest));
  stored_ = *std::move(stored);
  return absl::OkStatus();
}

absl::Status S3ResultWriter::CheckLease(const ResultManifest& manifest) const {
  if (manifest.run != stored_.manifest.run)
    return ResultLeaseLost(job_id_, "was deleted and begun anew by another");
  if (manifest.token > token_)
    return ResultTokenTooSmall(job_id_, manifest.token, token_);
  if (manifest.is_sealed() && manifest.sha256 != digest_)
    return ResultLeaseLost(job_id_, "was sealed by another");
  if (manifest.size_bytes() < written_)
    return ResultChanged(absl::StrFormat("the result of job %s has %d bytes, fewer than the %d that were written",
                                         job_id_, manifest.size_bytes(), written_));
  return absl::OkStatus();
}

absl::StatusOr<bool> S3ResultWriter::Commit(const ResultManifest& next) {
  if (stored_.manifest == next)
    return true;
  absl::StatusOr<std::string> etag = ReplaceManifest(context_.s3, job_id_, next, stored_.etag);
  if (absl::IsFailedPrecondition(etag.status())) {
    RUYI_RETURN_IF_ERROR(Reload());
    return stored_.manifest == next;  // where only the answer of an earlier attempt was lost
  }
  RUYI_RETURN_IF_ERROR(etag.status());
  stored_ = {.manifest = next, .etag = *std::move(etag)};
  return true;
}

absl::Status S3ResultWriter::Compare(std::string_view bytes) const {
  if (bytes.empty())
    return absl::OkStatus();
  const absl::StatusOr<std::string> there =
      ReadPieces(context_.s3, job_id_, stored_.manifest, written_, static_cast<int64_t>(bytes.size()));
  if (absl::IsNotFound(there.status()))
    return ResultLeaseLost(job_id_, "was deleted by another");
  RUYI_RETURN_IF_ERROR(there.status());
  if (*there == bytes)
    return absl::OkStatus();
  return ResultChanged(
      absl::StrFormat("the result of job %s has other bytes from offset %d on than an earlier attempt wrote; delete it "
                      "and begin anew",
                      job_id_, written_));
}

absl::StatusOr<bool> S3ResultWriter::Append(std::string_view bytes) {
  const ByteBudget::Writing writing(context_.budget);
  const auto size = static_cast<int64_t>(bytes.size());
  RUYI_RETURN_IF_ERROR(context_.budget.Reserve(size));
  absl::StatusOr<bool> is_added =
      AddPiece({.name = RandomName(), .size_bytes = size, .crc32c = BlockChecksums(bytes)}, bytes);
  if (!is_added.ok() || !*is_added)
    context_.budget.Release(size);
  return is_added;
}

// A piece that the manifest does not name is nobody's. After an error it may be named all the same.
absl::StatusOr<bool> S3ResultWriter::AddPiece(ResultPiece piece, std::string_view bytes) {
  const std::string key = PieceKey(job_id_, stored_.manifest.run, piece.name);
  RUYI_RETURN_IF_ERROR(context_.s3.Put(key, bytes).status());
  ResultManifest next = stored_.manifest;
  next.pieces.push_back(std::move(piece));
  absl::StatusOr<bool> is_added = Commit(next);
  const bool is_unused = is_added.ok() ? !*is_added : !absl::IsUnavailable(is_added.status());
  if (is_unused)
    context_.s3.Delete(key).IgnoreError();
  return is_added;
}

}  // namespace ruyi
