#include "server/app/signal_waiter.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/server/counter.h"

namespace ruyi {
namespace {

// Runs in a process of its own, where all threads leave the signals to the waiter. The exit code is 0 when both signals
// came.
[[noreturn]] void SendTwice(int signal) {
  ClaimSignals();
  kill(getpid(), signal);  // one before anyone waits
  Counter received;
  bool came_through = false;
  {
    const SignalWaiter waiter([&](int number) {
      if (number == signal)
        received.Increment();
    });
    came_through = received.Await(1);
    kill(getpid(), signal);
    came_through = came_through && received.Await(2);
  }
  std::_Exit(came_through ? 0 : 1);
}

class SignalWaiterDeathTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_P(SignalWaiterDeathTest, TellsEachSignal) {
  EXPECT_EXIT(SendTwice(GetParam()), testing::ExitedWithCode(0), "");
}

INSTANTIATE_TEST_SUITE_P(Signals, SignalWaiterDeathTest, testing::Values(SIGTERM, SIGINT, SIGHUP));

// Exit code 0 when `signal` is not told, and a SIGTERM after it is.
[[noreturn]] void SendBeforeSigterm(int signal) {
  ClaimSignals();
  kill(getpid(), signal);  // one before anyone waits
  Counter received;
  const SignalWaiter waiter([&](int number) {
    if (number != SIGTERM)
      std::_Exit(1);
    received.Increment();
  });
  kill(getpid(), signal);
  kill(getpid(), SIGTERM);
  std::_Exit(received.Await(1) ? 0 : 1);
}

class IgnoredSignalDeathTest : public SignalWaiterDeathTest {};

TEST_P(IgnoredSignalDeathTest, DoesNothing) {
  EXPECT_EXIT(SendBeforeSigterm(GetParam()), testing::ExitedWithCode(0), "");
}

INSTANTIATE_TEST_SUITE_P(Signals, IgnoredSignalDeathTest, testing::Values(SIGPIPE, SIGUSR1, SIGUSR2));

void EndWithoutSignal() {
  ClaimSignals();
  {
    const SignalWaiter waiter([](int) { std::_Exit(1); });
  }
  std::_Exit(0);
}

TEST(SignalWaiterDestructorDeathTest, EndsWithoutASignal) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(EndWithoutSignal(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace ruyi
