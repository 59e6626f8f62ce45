// What happens to a job, as the stream, the metrics and the log see it. Before it: core/job and core/worker. After it:
// server/service (outbox) and server/convert. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/plan/prediction.h"
#include "core/plan/progress.h"

namespace ruyi {

// The job exists; first of all events.
struct JobAccepted {};

// The job waits. `position` counts the jobs before it: those in the queue and those being made.
struct JobQueued {
  int position = 0;
};

// A full snapshot: a later one replaces an earlier one.
struct JobProgress {
  Progress progress;
  std::optional<absl::Duration> per_unit;   // measured mean of this phase, once one unit is done
  std::optional<absl::Duration> remaining;  // to the end of this phase, from per_unit
};

// What the whole MP4 file must be.
struct FileDigest {
  int64_t size_bytes = 0;
  std::string sha256;  // 32 bytes
};

// MP4 bytes [offset, offset + data.size()). Concatenated in order they are the file.
struct JobChunk {
  int64_t offset = 0;
  std::string data;                  // at most kMaxChunkBytes; empty in the last chunk
  uint32_t crc32c = 0;               // of data
  std::optional<FileDigest> digest;  // in the last chunk only
};
inline constexpr size_t kMaxChunkBytes = 256 * 1024;

struct JobCompleted {
  FileDigest file;
  absl::Duration queued;        // from acceptance to the start of the work
  absl::Duration conditioning;  // time per phase
  absl::Duration denoising;
  absl::Duration decoding;         // encoding to MP4 included
  std::vector<int> skipped_steps;  // denoising steps, from 1, that TeaCache left out
  GenerationReport report;
};

// The device's memory ran out; the job goes on in a smaller mode.
struct JobRetry {
  Retry retry;
};

// The end of a job that made no video; cancelled and timed-out jobs included.
struct JobFailed {
  absl::Status status;
};

using JobEvent = std::variant<JobAccepted, JobQueued, JobProgress, JobRetry, JobChunk, JobCompleted, JobFailed>;

// Takes a job's events in order, exactly one JobCompleted or JobFailed last. Called from any thread, one at a time.
class JobEventSink {
 public:
  virtual ~JobEventSink() = default;

  // May block while a bounded outbox is full, for chunks only. An error means that nobody listens any more: the job
  // stops with it.
  virtual absl::Status OnEvent(JobEvent event) = 0;
};

}  // namespace ruyi
