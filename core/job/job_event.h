// Defines what can happen to a job: the entries of its log. Streams, metrics and the server's log all read these. The
// video's bytes are not among them: they lie in the artifact store. Before it: core/worker and core/store, which append
// them. After it: server/convert. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/job/video_result.h"
#include "core/media/pixel_size.h"
#include "core/plan/placement.h"
#include "core/plan/progress.h"
#include "core/request/generation_request.h"

namespace ruyi {

// The job exists. This is the first of all events.
struct JobAccepted {
  Placement placement;  // advice of intake
};

// The job waits for a worker, for the first time or because it was handed back. `position` counts the jobs before it:
// those in the queue and those being made.
struct JobQueued {
  int position = 0;
  std::optional<absl::Duration> expected_wait;  // predicted, until the work begins
  bool paused = false;                          // no job is given to a worker until the queue is resumed
};

// A worker has taken the job.
struct JobStarted {
  std::string worker;
  int attempt = 1;
  Placement placement;
};

// The work goes on from a checkpoint of an earlier attempt.
struct JobResumed {
  int step = 0;  // denoising steps that need not be done again
};

// Says how far the work is. Each is a full snapshot: a later one replaces an earlier one.
struct JobProgress {
  Progress progress;
  std::optional<absl::Duration> per_unit;   // measured mean of this phase, once one unit is done
  std::optional<absl::Duration> remaining;  // to the end of this phase, from per_unit
};

// A picture of what the latents show so far. A later one replaces an earlier one.
struct JobPreview {
  int step = 0;
  PixelSize size;
  std::string jpeg;
};

// The device's memory ran out; the job goes on in a smaller mode.
struct JobRetry {
  Retry retry;
};

// Somebody has cancelled the job while it is being made.
struct JobCancelling {
  absl::Status why;
};

// The video is made. This is the last of all events.
struct JobCompleted {
  VideoResult result;
  VideoUsage usage;
};

// The job ended without a video; so do cancelled and timed-out jobs. This is the last of all events.
struct JobFailed {
  absl::Status status;
};

using JobEvent = std::variant<JobAccepted, JobQueued, JobStarted, JobResumed, JobProgress, JobPreview, JobRetry,
                              JobCancelling, JobCompleted, JobFailed>;

// An entry of a job's log.
struct LoggedEvent {
  int64_t seq = 0;  // from 1, without gaps; given by the store
  absl::Time time;  // of the append; given by the store
  JobEvent event;
};

// Returns true when nothing comes after `event`.
inline bool IsLast(const JobEvent& event) {
  return std::holds_alternative<JobCompleted>(event) || std::holds_alternative<JobFailed>(event);
}

// Returns true when only the latest event of this kind is worth reading.
inline bool IsSnapshot(const JobEvent& event) {
  return std::holds_alternative<JobProgress>(event) || std::holds_alternative<JobPreview>(event);
}

}  // namespace ruyi
