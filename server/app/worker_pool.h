// Holds the workers of a server, which stop together. Before it: server.h. After it: core/worker. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/worker/worker.h"

namespace ruyi {

class WorkerPool {
 public:
  // `clock` must outlive the pool.
  explicit WorkerPool(const Clock& clock) : clock_(clock) {}

  // Starts a worker for each of `parts`. After Stop nothing is started.
  void Start(std::vector<Worker::Parts> parts);

  // Lets no worker begin another job. Jobs that are being made may go on for `patience`, or as long as an earlier
  // Shorten has left them; then they are handed back at their next boundary. When that takes longer than `limit`, a job
  // is taken from its worker, which can then change nothing any more. Blocks for both at most.
  void Stop(absl::Duration patience, absl::Duration limit);

  // Waits for the workers' threads to end, and frees their pipelines. To be called after Stop.
  void Clear();

  // Lets the patience of a Stop that waits, or that comes, end `patience` from now, unless it ends sooner or is over.
  // Does not block.
  void Shorten(absl::Duration patience);

  // Ends the patience of a Stop that waits. Does not block.
  void Hurry();

  // Returns what each worker has and does; nothing before Start.
  std::vector<WorkerStatus> Statuses() const;

  // Gives the devices of the worker `name` a budget of memory, see Pipeline::SetMemoryBudget. NOT_FOUND: there is no
  // such worker.
  absl::Status SetMemoryBudget(const std::string& name, std::optional<int64_t> bytes);

 private:
  std::vector<std::shared_ptr<Worker>> workers() const;
  bool AwaitIdle() const;
  absl::Duration PatienceLeft() const;

  const Clock& clock_;
  mutable absl::Mutex mutex_;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_handing_back_ ABSL_GUARDED_BY(mutex_) = false;  // patience is over, and give_up_ is the end of the limit
  absl::Duration give_up_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();  // when patience ends, by the clock
  std::vector<std::shared_ptr<Worker>> workers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
