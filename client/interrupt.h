// Handles Ctrl-C, SIGTERM and SIGHUP: the first signal cancels the calls, the second ends the program at once. Before
// it: main, which makes it before anything starts a thread. After it: the commands, which ask what happened. Owns a
// thread that waits for the signals, so nothing runs inside a signal handler. Thread-safe.
#pragma once

#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "client/cancel_source.h"

namespace ruyi::client {

class Interrupt {
 public:
  // Blocks the signals in this thread and in those that it starts from now on. There may be only one in a process.
  Interrupt();
  // Unblocks the signals again.
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Returns the source that the first signal cancels.
  CancelSource* cancel_source() { return &cancel_source_; }

  // Makes the second signal remove `path` before it ends the program.
  void RemoveOnSecond(std::string path);

  // Returns the number of the first signal; 0 before one has come.
  int signal() const { return signal_; }

 private:
  void Watch();
  void OnSignal(int signal);
  [[noreturn]] void Leave(int signal);

  CancelSource cancel_source_;
  std::atomic<int> signal_ = 0;
  std::atomic<bool> stopping_ = false;
  absl::Mutex mutex_;
  std::vector<std::string> paths_ ABSL_GUARDED_BY(mutex_);
  sigset_t waited_for_;
  sigset_t mask_before_;
  std::thread watcher_;
};

}  // namespace ruyi::client
