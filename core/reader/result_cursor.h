// One reader's place in a result, which may still grow. Before it: core/artifact. After it: a stream. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "core/artifact/artifact_store.h"
#include "core/store/job_store.h"

namespace ruyi {

inline constexpr size_t kMaxChunkBytes = 256 * 1024;

// Bytes [offset, offset + data.size()) of the MP4 file. Concatenated in order they are the file.
struct ResultChunk {
  int64_t offset = 0;
  std::string data;                  // at most kMaxChunkBytes
  uint32_t crc32c = 0;               // of data
  std::optional<FileDigest> digest;  // of the whole file, in the chunk that ends it
};

// Part of a file.
struct ReadRange {
  int64_t offset = 0;
  std::optional<int64_t> limit;  // bytes at most; absent: to the end
};

class ResultCursor {
 public:
  // Stands at the beginning of `range`. The stores must outlive it.
  ResultCursor(const JobStore& jobs, const ArtifactStore& artifacts, std::string id, const ReadRange& range);

  // Returns the next bytes; nullopt when they have not come yet, but others have. Where the file ends only after its
  // bytes were read, and where the range begins at its end, the chunk that ends it has no bytes. NOT_FOUND: the job is
  // gone, or with RESULT_EXPIRED its bytes. FAILED_PRECONDITION RESULT_NOT_READY: the job has no bytes yet, or ended
  // without a video before the first bytes were read; after them, what it ended with. OUT_OF_RANGE OFFSET_PAST_END.
  // DATA_LOSS ARTIFACT_CORRUPT. UNAVAILABLE STORE_UNAVAILABLE: it may be called again. Blocks on the stores.
  absl::StatusOr<std::optional<ResultChunk>> Next();

  // Returns true once all bytes of the range were read.
  bool done() const { return done_; }

 private:
  absl::StatusOr<std::optional<ResultChunk>> ReadBytes();
  absl::Status CheckGrows() const;
  absl::Status CheckHasBytes() const;
  absl::Status CheckJob() const;

  const JobStore& jobs_;
  const ArtifactStore& artifacts_;
  const std::string id_;
  const int64_t begin_;
  int64_t offset_;
  std::optional<int64_t> left_;  // of the limit
  bool done_ = false;
};

}  // namespace ruyi
