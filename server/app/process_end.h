// Decides when the process ends, because of a signal, a model that cannot be loaded or a device that broke, and with
// which exit code. Before it: the signal waiter and the server. After it: main. Thread-safe.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

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

  // Blocks until the process is to end.
  void Await();

  bool worker_lost() const;

  // Returns the exit code, as far as it is known now. A lost worker counts most, also when it is lost while the process
  // ends for a signal.
  int exit_code() const;

 private:
  bool IsSealed() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return signals_ > 0 || load_failed_ || worker_lost_; }

  mutable absl::Mutex mutex_;
  int signals_ ABSL_GUARDED_BY(mutex_) = 0;
  bool load_failed_ ABSL_GUARDED_BY(mutex_) = false;
  bool worker_lost_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace ruyi
