// Keeps the bytes that belong to jobs: pictures and checkpoints, named by their content, and results, which grow while
// they are read. Before it: core/intake (pictures) and core/worker (checkpoints, results). After it: readers of videos.
// Implementations are thread-safe, and nothing here assumes that all callers share one process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/artifact/file_digest.h"
#include "core/base/change_hub.h"
#include "core/media/video_encoder.h"

namespace ruyi {

// The bytes of a result from some offset on.
struct ResultBytes {
  std::string data;
  bool is_end = false;  // the file is sealed, and nothing comes after these bytes
};

// A result as it is now.
struct ResultState {
  int64_t size_bytes = 0;
  bool is_sealed = false;
  FileDigest digest;  // once it is sealed
};

// A blob: bytes that are kept under their sha256.
struct BlobState {
  int64_t size_bytes = 0;
  absl::Time expire_time;  // when nothing refers to it
};

// Writes a result, from its first byte on. Where an earlier attempt at the job has begun the result, the same bytes
// must come again: those that are there already are compared, not written anew. Not thread-safe.
class ResultWriter : public ByteSink {
 public:
  // Appends `bytes`; readers see them when it returns, and a crash loses them no more. DATA_LOSS RESULT_CHANGED: the
  // bytes are not what an earlier attempt wrote there. RESOURCE_EXHAUSTED DISK_FULL: none of the bytes are kept, and
  // they may be written again. ABORTED LEASE_LOST: a writer with a larger token has opened the result, or another has
  // sealed or deleted it.
  absl::Status Write(std::span<const uint8_t> bytes) override = 0;

  // Ends the result: the file is whole now. Returns its size and digest. FAILED_PRECONDITION: Write was called after
  // Seal. Other errors: those of Write; DATA_LOSS RESULT_CHANGED: an earlier attempt wrote more bytes. After DISK_FULL
  // it may be called again.
  virtual absl::StatusOr<FileDigest> Seal() = 0;
};

class ArtifactStore {
 public:
  virtual ~ArtifactStore() = default;

  // Returns the identity of the store of jobs whose artifacts these are (JobStore::Identity). NOT_FOUND: they are
  // nobody's yet, or nobody's any more; the message says what is missing.
  virtual absl::StatusOr<std::string> Owner() const = 0;

  // Makes these the artifacts of the store of jobs with that identity, if they are nobody's; of two that try at once,
  // one does. FAILED_PRECONDITION: they are those of another store of jobs, which a janitor would delete.
  virtual absl::Status BelongTo(const std::string& jobs) = 0;

  // Keeps `bytes` and returns their sha256 in hex. The lifetime of bytes that are there already begins anew. When it
  // returns, a crash loses them no more. RESOURCE_EXHAUSTED DISK_FULL: there is no room.
  virtual absl::StatusOr<std::string> PutBlob(std::string_view bytes) = 0;

  // Returns the bytes of a blob. NOT_FOUND: there is none. DATA_LOSS ARTIFACT_CORRUPT: its bytes do not have this
  // sha256.
  virtual absl::StatusOr<std::string> ReadBlob(const std::string& sha256) const = 0;

  // Returns the state of a blob. NOT_FOUND: there is none.
  virtual absl::StatusOr<BlobState> StatBlob(const std::string& sha256) const = 0;

  // Deletes a blob before its time. Returns OK also when there is none.
  virtual absl::Status DeleteBlob(const std::string& sha256) = 0;

  // Opens the result of a job for a worker whose lease has `token`. INVALID_ARGUMENT: `job_id` cannot be an id. ABORTED
  // LEASE_LOST: a writer with a larger token was here before. FAILED_PRECONDITION: the result is sealed.
  virtual absl::StatusOr<std::unique_ptr<ResultWriter>> OpenResult(const std::string& job_id, int64_t token) = 0;

  // Makes the sealed result of job `from` the result of job `to` too, in place of one that is not sealed. Returns OK
  // also when it is that already. NOT_FOUND: `from` has no result, or one that is not sealed. INVALID_ARGUMENT: `to`
  // cannot be an id. FAILED_PRECONDITION: `to` has another sealed result. DATA_LOSS ARTIFACT_CORRUPT.
  // RESOURCE_EXHAUSTED DISK_FULL.
  virtual absl::StatusOr<FileDigest> ShareResult(const std::string& from, const std::string& to) = 0;

  // Returns at most `max_bytes` bytes from `offset` on; none when no more have been written yet. NOT_FOUND: the job has
  // no result. OUT_OF_RANGE: the offset lies behind the end of a sealed result, or behind what is there. DATA_LOSS
  // ARTIFACT_CORRUPT: sealed bytes that fail their checksum.
  virtual absl::StatusOr<ResultBytes> ReadResult(const std::string& job_id, int64_t offset,
                                                 int64_t max_bytes) const = 0;

  // Returns the state of a job's result. NOT_FOUND: the job has no result. DATA_LOSS ARTIFACT_CORRUPT: it is sealed,
  // and is not what was sealed, as far as its size and seal can tell.
  virtual absl::StatusOr<ResultState> StatResult(const std::string& job_id) const = 0;

  // Deletes the result of a job, sealed or not. Returns OK also when there is none.
  virtual absl::Status DeleteResult(const std::string& job_id) = 0;

  // Returns the ids of all jobs that have a result.
  virtual absl::StatusOr<std::vector<std::string>> ResultIds() const = 0;

  // Deletes the blobs whose time is over and whose sha256 is not in `referenced`.
  virtual absl::Status SweepBlobs(const std::set<std::string>& referenced) = 0;

  // Returns the number of bytes that all blobs and results take together.
  virtual absl::StatusOr<int64_t> UsedBytes() const = 0;

  // Calls `listener` after each change of the job's result. News of changes by other processes may come late or not at
  // all: callers must also look now and then.
  virtual std::unique_ptr<Subscription> Subscribe(const std::string& job_id, std::function<void()> listener) = 0;
};

}  // namespace ruyi
