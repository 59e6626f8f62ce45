// A job as it is stored: what was asked for, how far it is, what became of it. Nothing in it knows the caller's
// connection or the worker's device. Before it: core/intake, which creates it. After it: core/store, which keeps it,
// and whoever asks for a video. A value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/call_context.h"
#include "core/job/job_event.h"
#include "core/job/video_result.h"
#include "core/plan/placement.h"
#include "core/plan/video_spec.h"

namespace ruyi {

enum class JobState {
  kQueued,      // waits for a worker
  kRunning,     // a worker has it
  kCancelling,  // a worker has it and is to end it at the next boundary
  kSucceeded,
  kFailed,
  kCancelled,
  kExpired,  // the video was made, and its bytes are gone
};

// Returns true when no worker will touch the job any more.
bool IsEnded(JobState state);

enum class Priority { kLow, kNormal, kHigh };

// Holds what a caller asks for beside the video itself, and who it is.
struct JobTicket {
  std::string id;              // unique, drawn by intake
  std::string request_id;      // the caller's, or empty; the same of another tenant is another one
  std::string request_digest;  // of the request; the same request_id with another digest is refused
  std::string reuse_key;       // equal keys make equal bytes: spec, model, arithmetic and build
  std::map<std::string, std::string> labels;
  Priority priority = Priority::kNormal;
  bool cancel_on_disconnect = false;  // the job ends with the call that made it
  std::string tenant = kDefaultTenant;
  std::string principal;    // who made the call; empty in records of older servers, as are the next two
  std::string call_id;      // of the call, in the server's log
  std::string traceparent;  // of the call, or empty
};

// A checkpoint, at which the work on a job can go on.
struct CheckpointRef {
  int step = 0;           // denoising steps that are done
  std::string sha256;     // of the checkpoint in the artifact store
  absl::Duration worked;  // time on the job so far, which the execution timeout counts
};

struct JobRecord {
  JobTicket ticket;
  VideoSpec spec;
  Placement placement;  // intake's advice, then the choice of the worker
  JobState state = JobState::kQueued;
  absl::Time create_time;
  std::optional<absl::Time> start_time;  // of the first attempt
  std::optional<absl::Time> end_time;
  std::optional<absl::Time> expire_time;  // of the result
  // The same moments by Clock::AgingTime, which no step of the clock disturbs; records of older servers have none.
  std::optional<absl::Time> create_age;
  std::optional<absl::Time> end_age;
  std::optional<absl::Time> expire_age;
  std::optional<absl::Duration> queued;  // from its creation to its first lease
  std::string worker;                    // of the last attempt; empty: none has begun, or an older server's record
  int attempts = 0;                      // leases given so far
  int crashes = 0;                       // attempts whose worker vanished
  int resumes = 0;                       // attempts that went on from a checkpoint
  std::optional<CheckpointRef> checkpoint;
  std::optional<JobCompleted> outcome;  // what it ends with once its file is whole, but for the file
  std::optional<JobProgress> progress;  // the latest
  std::optional<VideoResult> result;    // once it has succeeded
  std::optional<VideoUsage> usage;      // once it has succeeded
  absl::Status error;                   // of a job that failed or was cancelled, or is to be
  int64_t last_seq = 0;                 // of the job's log
};

// The number of crashes after which a job is not tried again.
inline constexpr int kMaxCrashes = 3;

// Brings `record` up to date with an event that is being appended to its log at `time`: state, times, progress, result.
// Every store calls it, so that they agree.
void Apply(const JobEvent& event, absl::Time time, JobRecord& record);

}  // namespace ruyi
