// Names the objects of a store in its bucket, below the location's prefix: blobs/SHA256/TIME-RANDOM, one object for
// each time that the blob was put; results/JOB/manifest.json and results/JOB/RUN/PIECE; owner. Functions without state;
// thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace ruyi {

inline constexpr char kBlobsPrefix[] = "blobs/";
inline constexpr char kResultsPrefix[] = "results/";
inline constexpr char kOwnerKey[] = "owner";        // the object that holds the identity of the store of jobs
inline constexpr char kProbesPrefix[] = "probes/";  // objects that live for a moment, while a store is opened

// Returns a name that nobody has used.
std::string RandomName();

std::string BlobPrefix(std::string_view sha256);

// Returns a new key for a blob that is put at `time`. Of two of one blob, the later one is the larger.
std::string NewBlobKey(std::string_view sha256, absl::Time time);

// A blob's object.
struct BlobKey {
  std::string sha256;
  absl::Time time;  // when it was put
};

// Reads the key of a blob; nullopt when it is none.
std::optional<BlobKey> ParseBlobKey(std::string_view key);

std::string ResultPrefix(std::string_view job_id);
std::string ManifestKey(std::string_view job_id);
std::string PieceKey(std::string_view job_id, std::string_view run, std::string_view piece);

// An object of a result.
struct ResultKey {
  std::string job_id;
  bool is_manifest = false;
};

// Reads the key of a result's object; nullopt when it is none.
std::optional<ResultKey> ParseResultKey(std::string_view key);

}  // namespace ruyi
