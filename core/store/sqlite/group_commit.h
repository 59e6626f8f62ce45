// Gathers the changes of many threads into few transactions: a thread that finds no other one writing writes for all
// that wait, and they share one wait for the disk. Before it: SqliteJobStore. Thread-safe.
#pragma once

#include <functional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/store/job_table.h"

namespace ruyi {

// A change that waits to be written. Lives on the stack of the thread that waits for it.
struct PendingChange {
  absl::FunctionRef<absl::Status(JobTable&)> change;
  bool must_last = true;  // once it is done, a crash of the machine loses it no more
  bool may_use_ballast = false;
  absl::Status result = absl::OkStatus();
  bool is_done = false;
};

class GroupCommit {
 public:
  using Group = std::vector<PendingChange*>;

  // `write` makes the changes of a group, in their order, and sets their results. It is called on any thread, one call
  // at a time.
  explicit GroupCommit(std::function<void(const Group&)> write) : write_(std::move(write)) {}

  // Waits until `change` has been written, and returns its result.
  absl::Status Run(PendingChange& change);

 private:
  const std::function<void(const Group&)> write_;
  absl::Mutex mutex_;
  Group waiting_ ABSL_GUARDED_BY(mutex_);
  bool is_writing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace ruyi
