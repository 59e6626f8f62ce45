#include "server/identity/failed_attempts.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_clock.h"

namespace ruyi {
namespace {

class FailedAttemptsTest : public testing::Test {
 protected:
  void FailOften(const std::string& peer) {
    for (int i = 0; i < FailedAttempts::kAttempts; ++i) {
      EXPECT_EQ(attempts_.WaitOf(peer, "x"), absl::ZeroDuration()) << i;
      attempts_.OnWrong(peer);
    }
  }

  FakeClock clock_;
  FailedAttempts attempts_{clock_};
};

TEST_F(FailedAttemptsTest, APeerHasSoManyAttempts) {
  FailOften("a");
  EXPECT_EQ(attempts_.WaitOf("a", "x"), FailedAttempts::kPerAttempt);
  EXPECT_EQ(attempts_.WaitOf("b", "x"), absl::ZeroDuration());
}

TEST_F(FailedAttemptsTest, AndGetsThemBackOneByOne) {
  FailOften("a");
  clock_.Advance(FailedAttempts::kPerAttempt);
  EXPECT_EQ(attempts_.WaitOf("a", "x"), absl::ZeroDuration());
  attempts_.OnWrong("a");
  EXPECT_EQ(attempts_.WaitOf("a", "x"), FailedAttempts::kPerAttempt);
  clock_.Advance(FailedAttempts::kAttempts * FailedAttempts::kPerAttempt);
  FailOften("a");
}

TEST_F(FailedAttemptsTest, NeverWaitsLongerHoweverOftenItFails) {
  for (int i = 0; i < 1000; ++i)
    attempts_.OnWrong("a");
  EXPECT_EQ(attempts_.WaitOf("a", "x"), FailedAttempts::kPerAttempt);
}

TEST_F(FailedAttemptsTest, WhatWasRightMayCome) {
  attempts_.OnRight("good");
  FailOften("a");
  EXPECT_EQ(attempts_.WaitOf("a", "good"), absl::ZeroDuration());
  EXPECT_NE(attempts_.WaitOf("a", "other"), absl::ZeroDuration());
}

TEST_F(FailedAttemptsTest, RemembersABoundedNumberOfRightOnes) {
  FailOften("a");
  attempts_.OnRight("first");
  for (size_t i = 0; i < FailedAttempts::kMostKnown; ++i)
    attempts_.OnRight(absl::StrCat(i));
  EXPECT_NE(attempts_.WaitOf("a", "first"), absl::ZeroDuration());
  EXPECT_EQ(attempts_.WaitOf("a", "7"), absl::ZeroDuration());
}

TEST_F(FailedAttemptsTest, RemembersABoundedNumberOfPeers) {
  FailOften("first");
  clock_.Advance(absl::Seconds(1));
  for (size_t i = 1; i < FailedAttempts::kMostPeers; ++i)
    FailOften(absl::StrCat(i));
  EXPECT_NE(attempts_.WaitOf("first", "x"), absl::ZeroDuration());
  attempts_.OnWrong("one more");
  EXPECT_EQ(attempts_.WaitOf("first", "x"), absl::ZeroDuration());
  EXPECT_NE(attempts_.WaitOf("7", "x"), absl::ZeroDuration());
}

}  // namespace
}  // namespace ruyi
