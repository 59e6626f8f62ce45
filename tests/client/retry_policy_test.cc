#include "client/retry_policy.h"

#include <gtest/gtest.h>

#include "tests/client/scripted_events.h"

namespace ruyi::client {
namespace {

const grpc::Status kAway(grpc::UNAVAILABLE, "connection refused");

grpc::Status Said(grpc::StatusCode code, int retry_ms = 0) {
  return ToGrpc(DetailedStatus(code, "a sentence", "REASON", {}, retry_ms));
}

TEST(MayCallAgain, OnlyWhenTheServerIsAwayOrSaysWhen) {
  EXPECT_TRUE(MayCallAgain(kAway));
  EXPECT_TRUE(MayCallAgain(Said(grpc::UNAVAILABLE)));
  EXPECT_TRUE(MayCallAgain(Said(grpc::RESOURCE_EXHAUSTED, 5000)));
  EXPECT_FALSE(MayCallAgain(Said(grpc::RESOURCE_EXHAUSTED)));
  EXPECT_FALSE(MayCallAgain(grpc::Status(grpc::RESOURCE_EXHAUSTED, "message too large")));
  EXPECT_TRUE(MayCallAgain(Said(grpc::ABORTED, 5000)));
  EXPECT_FALSE(MayCallAgain(Said(grpc::ABORTED)));
  for (const grpc::StatusCode code :
       {grpc::OK, grpc::CANCELLED, grpc::UNKNOWN, grpc::INVALID_ARGUMENT, grpc::DEADLINE_EXCEEDED, grpc::INTERNAL}) {
    EXPECT_FALSE(MayCallAgain(Said(code, 5000))) << code;
  }
}

TEST(MayCallAgain, WhenTheServerStoppedBeforeItLookedAtTheCall) {
  EXPECT_TRUE(MayCallAgain(grpc::Status(grpc::CANCELLED, "CANCELLED")));
}

TEST(MayStreamAgain, WhateverTheWayEndsItWith) {
  for (const grpc::StatusCode code : {grpc::OK, grpc::CANCELLED, grpc::UNKNOWN, grpc::DEADLINE_EXCEEDED, grpc::ABORTED,
                                      grpc::RESOURCE_EXHAUSTED, grpc::INTERNAL, grpc::UNAVAILABLE}) {
    EXPECT_TRUE(MayStreamAgain(grpc::Status(code, "RST_STREAM"))) << code;
  }
}

TEST(MayStreamAgain, NotWhenItWouldEndTheSameWay) {
  for (const grpc::StatusCode code :
       {grpc::INVALID_ARGUMENT, grpc::NOT_FOUND, grpc::ALREADY_EXISTS, grpc::PERMISSION_DENIED,
        grpc::FAILED_PRECONDITION, grpc::OUT_OF_RANGE, grpc::UNIMPLEMENTED, grpc::DATA_LOSS, grpc::UNAUTHENTICATED}) {
    EXPECT_FALSE(MayStreamAgain(grpc::Status(code, ""))) << code;
  }
}

TEST(MayStreamAgain, TakesTheServerAtItsWord) {
  EXPECT_TRUE(MayStreamAgain(Said(grpc::UNAVAILABLE)));
  EXPECT_TRUE(MayStreamAgain(Said(grpc::RESOURCE_EXHAUSTED, 5000)));
  EXPECT_FALSE(MayStreamAgain(Said(grpc::RESOURCE_EXHAUSTED)));
  EXPECT_FALSE(MayStreamAgain(Said(grpc::INTERNAL)));
  EXPECT_FALSE(MayStreamAgain(Said(grpc::CANCELLED)));
}

TEST(RetryPolicy, WaitsLongerEachTimeWithSomeChance) {
  RetryPolicy policy(absl::Hours(1));
  double expected_s = 1;
  for (int i = 0; i < 20; ++i) {
    const double delay_s = absl::ToDoubleSeconds(policy.Next(absl::UnixEpoch(), kAway).value());
    EXPECT_GE(delay_s, 0.79 * expected_s);
    EXPECT_LE(delay_s, 1.21 * expected_s);
    expected_s = std::min(1.6 * expected_s, 15.0);
  }
}

TEST(RetryPolicy, WaitsAsLongAsTheServerAsks) {
  RetryPolicy policy(absl::Hours(1));
  EXPECT_EQ(policy.Next(absl::UnixEpoch(), Said(grpc::UNAVAILABLE, 30'000)), absl::Seconds(30));
}

TEST(RetryPolicy, GivesUpAtOnceWhereTheServerAsksForMoreThanTheWindow) {
  RetryPolicy policy(absl::Minutes(2));
  EXPECT_FALSE(policy.Next(absl::UnixEpoch(), Said(grpc::RESOURCE_EXHAUSTED, 3'600'000)).has_value());
}

TEST(RetryPolicy, GivesUpAtTheEndOfItsWindow) {
  RetryPolicy policy(absl::Seconds(10));
  EXPECT_TRUE(policy.Next(absl::UnixEpoch(), kAway).has_value());
  EXPECT_LE(policy.Next(absl::UnixEpoch() + absl::Seconds(9.9), kAway).value(), absl::Seconds(0.1));
  EXPECT_FALSE(policy.Next(absl::UnixEpoch() + absl::Seconds(10), kAway).has_value());
}

TEST(RetryPolicy, BeginsAnewAfterSomethingCame) {
  RetryPolicy policy(absl::Seconds(10));
  policy.Next(absl::UnixEpoch(), kAway);
  policy.Next(absl::UnixEpoch(), kAway);
  policy.Reset();
  EXPECT_LE(policy.Next(absl::UnixEpoch() + absl::Seconds(60), kAway).value(), absl::Seconds(1.21));
}

TEST(RetryPolicy, NeverTriesAgainWithoutAWindow) {
  EXPECT_FALSE(RetryPolicy(absl::ZeroDuration()).Next(absl::UnixEpoch(), kAway).has_value());
}

}  // namespace
}  // namespace ruyi::client
