// Decides when the process ends, because of a signal, an administrator, a model that cannot be loaded or a device that
// broke, and with which exit code. Before it: the signal waiter and the server. After it: main. Thread-safe.
#pragma once

#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace ruyi {

// docs/operations.md and --help list the exit codes; that of a wrong command line is 2.
inline constexpr int kExitStopped = 0;
inline constexpr int kExitCannotStart = 1;
inline constexpr int kExitWorkerLost = 3;

class ProcessEnd {
 public:
  // To be called for each signal. Returns how many signals there have been.
  int OnSignal(int signal);

  // To be called with the status with which the loading of the model ended.
  void OnLoaded(const absl::Status& status);

  void OnWorkerLost(const absl::Status& why);

  // To be called when an administrator drains the server, with the patience for its jobs.
  void OnDrain(absl::Duration patience);

  // Returns the patience of the first OnDrain; `usual` when none was called, and none once a worker was lost.
  absl::Duration PatienceOr(absl::Duration usual) const;

  // Blocks until the process is to end.
  void Await();

  bool worker_lost() const;

  // Returns the exit code, as far as it is known now. A lost worker counts most, also when it is lost while the process
  // ends for a signal.
  int exit_code() const;

 private:
  bool IsSealed() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return signals_ > 0 || load_failed_ || worker_lost_ || patience_.has_value();
  }

  mutable absl::Mutex mutex_;
  int signals_ ABSL_GUARDED_BY(mutex_) = 0;
  bool load_failed_ ABSL_GUARDED_BY(mutex_) = false;
  bool worker_lost_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Duration> patience_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
