// Says what a result in a bucket is made of: numbered pieces, each an object of its own, in order. The manifest is the
// result's one object that changes, and only by conditional writes: who changes it has seen what it was. A value and
// functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/artifact/file_digest.h"

namespace ruyi {

inline constexpr int64_t kPieceBlockBytes = 256 << 10;

struct ResultPiece {
  std::string name;  // of its object, in the folder of the run
  int64_t size_bytes = 0;
  std::vector<uint32_t> crc32c;  // of each block of kPieceBlockBytes; the last one may be shorter
  friend bool operator==(const ResultPiece&, const ResultPiece&) = default;
};

struct ResultManifest {
  std::string run;    // random: another one after the result was deleted and begun anew
  int64_t token = 0;  // the largest of the leases under which it was opened
  std::vector<ResultPiece> pieces;
  std::string sha256;  // 32 bytes once the result is sealed; empty until then
  friend bool operator==(const ResultManifest&, const ResultManifest&) = default;

  int64_t size_bytes() const;
  bool is_sealed() const { return !sha256.empty(); }
  FileDigest digest() const { return {.size_bytes = size_bytes(), .sha256 = sha256}; }
};

// Returns the checksum of each block of `bytes`.
std::vector<uint32_t> BlockChecksums(std::string_view bytes);

// Returns the text that ParseManifest reads.
std::string FormatManifest(const ResultManifest& manifest);

// Reads a manifest. DATA_LOSS ARTIFACT_CORRUPT: `text` is no whole manifest, or has changed since it was made. `job_id`
// is for the message.
absl::StatusOr<ResultManifest> ParseManifest(std::string_view text, std::string_view job_id);

}  // namespace ruyi
