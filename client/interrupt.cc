#include "client/interrupt.h"

#include <pthread.h>
#include <unistd.h>

#include <utility>

#include "client/exit_code.h"

namespace ruyi::client {
namespace {

constexpr int kStopSignal = SIGUSR1;

// A signal that was ignored when the program started, as by nohup, stays ignored.
bool IsIgnored(int signal) {
  struct sigaction action{};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t WaitedFor() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, kStopSignal);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (!IsIgnored(signal))
      sigaddset(&set, signal);
  }
  return set;
}

}  // namespace

Interrupt::Interrupt() : waited_for_(WaitedFor()) {
  pthread_sigmask(SIG_BLOCK, &waited_for_, &mask_before_);
  watcher_ = std::thread([this] { Watch(); });
}

Interrupt::~Interrupt() {
  stopping_ = true;
  pthread_kill(watcher_.native_handle(), kStopSignal);
  watcher_.join();
  pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

void Interrupt::RemoveOnSecond(std::string path) {
  absl::MutexLock lock(&mutex_);
  paths_.push_back(std::move(path));
}

void Interrupt::Watch() {
  while (!stopping_) {
    int signal = 0;
    if (sigwait(&waited_for_, &signal) == 0 && signal != kStopSignal)
      OnSignal(signal);
  }
}

void Interrupt::OnSignal(int signal) {
  if (signal_ != 0)
    Leave(signal);
  signal_ = signal;
  cancel_source_.Cancel();
}

void Interrupt::Leave(int signal) {
  absl::MutexLock lock(&mutex_);
  for (const std::string& path : paths_) {
    unlink(path.c_str());
  }
  _exit(static_cast<int>(ExitCodeOfSignal(signal)));
}

}  // namespace ruyi::client
