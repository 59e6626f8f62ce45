// The seal says that a result is whole: it has the result's size, its digest and a checksum of each of its blocks, and
// is kept as JSON beside it. Values and functions without state; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/artifact/file_digest.h"
#include "core/digest/sha256.h"

namespace ruyi {

inline constexpr int64_t kSealBlockBytes = 256 << 10;

struct ResultSeal {
  FileDigest digest;
  std::vector<uint32_t> crc32c;  // of each block; the last one may be shorter
};

// Returns the text that ParseSeal reads.
std::string FormatSeal(const ResultSeal& seal);

// Reads a seal. DATA_LOSS ARTIFACT_CORRUPT: `text` is no whole seal, or has changed since it was made. `name` is for
// the message.
absl::StatusOr<ResultSeal> ParseSeal(std::string_view text, std::string_view name);

// Computes the seal of bytes that come piece by piece. Not thread-safe.
class SealMaker {
 public:
  void Add(std::string_view bytes);

  int64_t size_bytes() const { return size_bytes_; }

  // Returns the seal. Nothing may be called after it.
  ResultSeal Finish();

 private:
  Sha256 sha256_;
  std::vector<uint32_t> crc32c_;
  int64_t size_bytes_ = 0;
};

}  // namespace ruyi
