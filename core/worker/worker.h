// One device's thread of work: claims jobs, and runs one after the other. Before it: the job store. After it:
// core/worker/job_run. Owns the pipeline. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/base/wake_up.h"
#include "core/worker/job_run.h"

namespace ruyi {

// What a worker has and does at some moment.
struct WorkerStatus {
  std::string name;
  std::string device;                   // what it computes on
  std::optional<std::string> job_id;    // of the job that is being made
  std::optional<int64_t> budget_bytes;  // of the device's memory, as it was given; absent: what is free
  MemoryBudget available;               // for a video now, and how the model lies there
};

class Worker {
 public:
  struct Parts {
    std::unique_ptr<Pipeline> pipeline;
    WorkerTools tools;
    std::function<void(const absl::Status&)> on_lost;  // called on the worker's thread: the device broke
  };

  // Starts the thread.
  explicit Worker(Parts parts);

  // Hands back what is being made, and waits for that. Blocks up to the job's next boundary.
  ~Worker();

  // Claims no further jobs; what is being made goes on. Does not block.
  void Pause();

  // Claims no further jobs, and hands back what is being made at its next boundary. Does not block.
  void HandBack();

  // Gives what is being made back to the queue without waiting for its boundary: what the worker does to the job after
  // that is refused. Blocks on the store.
  void Abandon();

  const std::string& name() const { return parts_.tools.name; }

  // Does not wait for the job that is being made.
  WorkerStatus status() const;

  // Gives the pipeline's devices a budget, see Pipeline::SetMemoryBudget.
  absl::Status SetMemoryBudget(std::optional<int64_t> bytes) { return parts_.pipeline->SetMemoryBudget(bytes); }

  // Blocks until nothing is being made, but no longer than `timeout` by the clock's Elapsed, and returns whether that
  // is so. Only after Pause or HandBack, and on one thread at a time.
  bool AwaitIdle(absl::Duration timeout) const;

 private:
  // Says what the worker may still do. It only moves on to a later value.
  enum class Mode { kWork, kPaused, kHandBack, kOver };

  void Run();
  absl::StatusOr<std::optional<Lease>> Claim();
  bool WorkOn(const Lease& lease);
  void RaiseMode(Mode mode);
  void SetRun(JobRun* run, std::optional<Lease> lease);
  bool IsIdle() const;

  const Parts parts_;
  WakeUp wake_up_;
  mutable WakeUp idle_;  // wakes AwaitIdle
  std::unique_ptr<Subscription> changes_;
  mutable absl::Mutex mutex_;
  Mode mode_ ABSL_GUARDED_BY(mutex_) = Mode::kWork;
  bool is_claiming_ ABSL_GUARDED_BY(mutex_) = false;
  JobRun* run_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::optional<Lease> lease_ ABSL_GUARDED_BY(mutex_);  // of the run
  std::thread thread_;
};

}  // namespace ruyi
