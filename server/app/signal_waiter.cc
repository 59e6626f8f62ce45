#include "server/app/signal_waiter.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

namespace ruyi {
namespace {

sigset_t ClaimedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&signals, signal);
  return signals;
}

}  // namespace

void ClaimSignals() {
  const sigset_t signals = ClaimedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  for (const int ignored : {SIGPIPE, SIGUSR1, SIGUSR2})
    signal(ignored, SIG_IGN);
}

SignalWaiter::SignalWaiter(std::function<void(int)> on_signal) {
  thread_ = std::thread([this, signals = ClaimedSignals(), on_signal = std::move(on_signal)] {
    int signal = 0;
    while (sigwait(&signals, &signal) == 0 && !stopping_)
      on_signal(signal);
  });
}

// The signal only wakes the thread, which then sees the flag: no number is kept from the rest of the world.
SignalWaiter::~SignalWaiter() {
  stopping_ = true;
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

}  // namespace ruyi
