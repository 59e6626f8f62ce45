// The events of one stream that its reader has not yet taken. Bounded: a slow reader blocks the worker at a chunk,
// loses no chunk, and gets the latest progress instead of all. Before it: core/worker and core/job. After it:
// video_stream.h. Thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/job/job_event.h"

namespace ruyi {

class Outbox {
 public:
  // At most `max_chunks` chunks wait at once.
  explicit Outbox(size_t max_chunks) : max_chunks_(max_chunks) {}

  // Appends `event`; a progress or a position replaces one of its kind that still waits. Blocks while the outbox is
  // full of chunks and `event` is one. CANCELLED: closed. What RefuseChunks says: `event` is a chunk after it.
  absl::Status Push(JobEvent event);

  // The next event, or nullopt when none waits.
  std::optional<JobEvent> Pop();

  // Ends every Push of a chunk that blocks, and all later ones, with `why` (not OK; the first one stays). What waits
  // can still be taken, and other events still come in.
  void RefuseChunks(absl::Status why);

  // Drops what waits, and ends every Push that blocks.
  void Close();

 private:
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closed_ || !refusal_.ok() || chunks_ < max_chunks_;
  }

  const size_t max_chunks_;
  absl::Mutex mutex_;
  std::deque<JobEvent> events_ ABSL_GUARDED_BY(mutex_);
  size_t chunks_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);  // of chunks
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace ruyi
