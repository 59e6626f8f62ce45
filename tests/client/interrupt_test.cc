#include "client/interrupt.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "absl/synchronization/notification.h"
#include "client/partial_file.h"
#include "client/video_client.h"
#include "client/waiter.h"
#include "tests/client/client_process.h"
#include "tests/client/fake_server.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

// Sends `signal` to this process and blocks until the interrupt has seen it.
void SendFirst(const Interrupt& interrupt, int signal) {
  kill(getpid(), signal);
  while (interrupt.signal() == 0) {
    std::this_thread::yield();
  }
}

// Sends both signals, with a file at `path` to remove; does not return.
void InterruptTwice(const std::string& path, int first, int second) {
  Interrupt interrupt;
  interrupt.RemoveOnSecond(path);
  SendFirst(interrupt, first);
  kill(getpid(), second);
  absl::Notification().WaitForNotification();
}

void IgnoreOneAndSendTwo(int ignored, int second) {
  signal(ignored, SIG_IGN);
  Interrupt interrupt;
  kill(getpid(), ignored);
  SendFirst(interrupt, second);
  _exit(interrupt.signal());
}

void InterruptOnce(int signal) {
  Interrupt interrupt;
  SendFirst(interrupt, signal);
  _exit(interrupt.signal());
}

class InterruptDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  TemporaryFolder folder_;
};

TEST_F(InterruptDeathTest, TheFirstSignalIsOnlyKept) {
  EXPECT_EXIT(InterruptOnce(SIGINT), testing::ExitedWithCode(SIGINT), "");
  EXPECT_EXIT(InterruptOnce(SIGTERM), testing::ExitedWithCode(SIGTERM), "");
  EXPECT_EXIT(InterruptOnce(SIGHUP), testing::ExitedWithCode(SIGHUP), "");
}

TEST_F(InterruptDeathTest, WhatWasIgnoredAtTheStartStaysIgnored) {
  EXPECT_EXIT(IgnoreOneAndSendTwo(SIGHUP, SIGTERM), testing::ExitedWithCode(SIGTERM), "");
}

TEST_F(InterruptDeathTest, TheSecondSignalEndsTheProgram) {
  EXPECT_EXIT(InterruptTwice("", SIGINT, SIGINT), testing::ExitedWithCode(130), "");
  EXPECT_EXIT(InterruptTwice("", SIGINT, SIGTERM), testing::ExitedWithCode(143), "");
}

TEST_F(InterruptDeathTest, TheSecondSignalRemovesTheFile) {
  const std::string path = std::filesystem::path(testing::TempDir()) / "ruyi_interrupt_test.part";
  std::ofstream(path) << "half a film";
  EXPECT_EXIT(InterruptTwice(path, SIGINT, SIGINT), testing::ExitedWithCode(130), "");
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Interrupt, EndsWithoutASignal) {
  Interrupt interrupt;
  EXPECT_EQ(interrupt.signal(), 0);
}

TEST(CancelSource, CancelsACallThatStartsLater) {
  FakeServer server;
  server.Answer(v1::Capabilities());
  CancelSource source;
  source.Cancel();
  v1::Capabilities capabilities;
  const grpc::Status status = VideoClient(server.address()).GetCapabilities({.cancel_source = &source}, &capabilities);
  EXPECT_EQ(status.error_code(), grpc::CANCELLED);
}

TEST(CancelSource, CancelsItsChildrenAndNotItsParent) {
  CancelSource parent;
  CancelSource child(&parent);
  {
    CancelSource other(&parent);
    other.Cancel();
    EXPECT_TRUE(other.cancelled());
  }
  EXPECT_FALSE(parent.cancelled());
  EXPECT_FALSE(child.cancelled());
  parent.Cancel();
  EXPECT_TRUE(child.cancelled());
  EXPECT_TRUE(CancelSource(&parent).cancelled());
}

TEST(CancelSource, EndsAWait) {
  CancelSource source;
  EXPECT_FALSE(source.WaitFor(absl::ZeroDuration()));
  std::thread canceller([&source] { source.Cancel(); });
  EXPECT_TRUE(source.WaitFor(absl::InfiniteDuration()));
  canceller.join();
}

TEST(RealWaiter, EndsAWaitWhenItIsCancelled) {
  CancelSource source;
  source.Cancel();
  RealWaiter waiter;
  const absl::Time before = waiter.Now();
  waiter.Wait(absl::InfiniteDuration(), source);
  EXPECT_GE(waiter.Now(), before);
}

}  // namespace
}  // namespace ruyi::client
