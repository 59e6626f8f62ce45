#include "core/artifact/s3/manifest_objects.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "core/artifact/artifact_error.h"
#include "core/artifact/s3/object_names.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

// Bytes [begin, end) of something.
struct Span {
  int64_t begin = 0;
  int64_t end = 0;
};

// Returns `span` of a piece, whose blocks are read and checked whole.
absl::StatusOr<std::string> ReadPiece(S3Client& s3, const std::string& key, const ResultPiece& piece,
                                      const Span& span) {
  const int64_t first_block = span.begin / kPieceBlockBytes;
  const int64_t begin = first_block * kPieceBlockBytes;
  const int64_t last_block_end = (span.end + kPieceBlockBytes - 1) / kPieceBlockBytes * kPieceBlockBytes;
  const int64_t end = std::min(piece.size_bytes, last_block_end);
  absl::StatusOr<std::string> bytes = s3.GetRange(key, begin, end - begin);
  if (absl::IsOutOfRange(bytes.status()))
    bytes = "";
  RUYI_RETURN_IF_ERROR(bytes.status());
  const std::vector<uint32_t> checksums = BlockChecksums(*bytes);
  const auto expected = piece.crc32c.begin() + first_block;
  if (static_cast<int64_t>(bytes->size()) != end - begin || !std::equal(checksums.begin(), checksums.end(), expected)) {
    return ArtifactCorrupt(
        absl::StrFormat("%s has changed within bytes %d to %d; delete the result and make it again", key, begin, end));
  }
  return bytes->substr(static_cast<size_t>(span.begin - begin), static_cast<size_t>(span.end - span.begin));
}

}  // namespace

absl::StatusOr<StoredManifest> LoadManifest(S3Client& s3, const std::string& job_id) {
  const absl::StatusOr<S3Object> object = s3.Get(ManifestKey(job_id));
  if (absl::IsNotFound(object.status()))
    return NoResult(job_id);
  RUYI_RETURN_IF_ERROR(object.status());
  RUYI_ASSIGN_OR_RETURN(ResultManifest manifest, ParseManifest(object->bytes, job_id));
  return StoredManifest{.manifest = std::move(manifest), .etag = object->etag};
}

absl::StatusOr<std::string> CreateManifest(S3Client& s3, const std::string& job_id, const ResultManifest& manifest) {
  return s3.Put(ManifestKey(job_id), FormatManifest(manifest), S3Condition::IfAbsent());
}

absl::StatusOr<std::string> ReplaceManifest(S3Client& s3, const std::string& job_id, const ResultManifest& manifest,
                                            const std::string& etag) {
  return s3.Put(ManifestKey(job_id), FormatManifest(manifest), S3Condition::IfUnchanged(etag));
}

absl::StatusOr<std::string> ReadPieces(S3Client& s3, const std::string& job_id, const ResultManifest& manifest,
                                       int64_t offset, int64_t count) {
  std::string bytes;
  int64_t piece_begin = 0;
  for (const ResultPiece& piece : manifest.pieces) {
    const int64_t piece_end = piece_begin + piece.size_bytes;
    const int64_t begin = std::max(offset, piece_begin);
    const int64_t end = std::min(offset + count, piece_end);
    if (begin < end) {
      RUYI_ASSIGN_OR_RETURN(const std::string part,
                            ReadPiece(s3, PieceKey(job_id, manifest.run, piece.name), piece,
                                      {.begin = begin - piece_begin, .end = end - piece_begin}));
      bytes += part;
    }
    piece_begin = piece_end;
  }
  return bytes;
}

}  // namespace ruyi
