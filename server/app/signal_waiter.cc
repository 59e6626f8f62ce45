#include "server/app/signal_waiter.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

namespace ruyi {
namespace {

// Sent to the thread alone, to end it.
constexpr int kStop = SIGUSR1;

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, kStop})
    sigaddset(&signals, signal);
  return signals;
}

}  // namespace

void BlockStopSignals() {
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

SignalWaiter::SignalWaiter(std::function<void(int)> on_signal) {
  thread_ = std::thread([signals = Signals(), on_signal = std::move(on_signal)] {
    int signal = 0;
    while (sigwait(&signals, &signal) == 0 && signal != kStop)
      on_signal(signal);
  });
}

SignalWaiter::~SignalWaiter() {
  pthread_kill(thread_.native_handle(), kStop);
  thread_.join();
}

}  // namespace ruyi
