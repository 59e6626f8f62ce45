#include "core/parallel/pair.h"

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <new>
#include <stdexcept>
#include <thread>

#include "absl/synchronization/notification.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::HasSubstr;

absl::Status Nothing() {
  return absl::OkStatus();
}

// Each waits until the other one is there: one after the other they would wait for ever.
TEST(Pair, RunsBothAtTheSameTime) {
  Pair pair;
  for (int round = 0; round < 100; ++round) {
    absl::Notification here, beside;
    const auto meet = [](absl::Notification& own, absl::Notification& other) {
      own.Notify();
      other.WaitForNotification();
      return absl::OkStatus();
    };
    EXPECT_THAT(pair.Run([&] { return meet(here, beside); }, [&] { return meet(beside, here); }), IsOk());
  }
}

TEST(Pair, RunsOneOnTheCallersThreadAndTheOtherOnItsOwn) {
  Pair pair;
  std::array<std::thread::id, 2> here, beside;
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(pair.Run(
                    [&] {
                      here[round] = std::this_thread::get_id();
                      return absl::OkStatus();
                    },
                    [&] {
                      beside[round] = std::this_thread::get_id();
                      return absl::OkStatus();
                    }),
                IsOk());
    EXPECT_EQ(here[round], std::this_thread::get_id());
    EXPECT_NE(beside[round], std::this_thread::get_id());
  }
  EXPECT_EQ(beside[0], beside[1]);
}

// When Run returns, everything is there that the other thread wrote after this one had ended.
TEST(Pair, WaitsForTheOneThatEndsLast) {
  Pair pair;
  absl::Notification ended;
  int written = 0;
  const auto late = [&] {
    ended.WaitForNotification();
    written = 7;
    return absl::OkStatus();
  };
  const auto early = [&] {
    ended.Notify();
    return absl::InternalError("broken");
  };
  EXPECT_THAT(pair.Run(early, late), StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(written, 7);
}

TEST(Pair, ReturnsTheErrorOfEither) {
  Pair pair;
  const auto broken = [] { return absl::DataLossError("broken"); };
  EXPECT_THAT(pair.Run(broken, Nothing), StatusIs(absl::StatusCode::kDataLoss, "broken"));
  EXPECT_THAT(pair.Run(Nothing, broken), StatusIs(absl::StatusCode::kDataLoss, "broken"));
}

TEST(Pair, OfTwoErrorsReturnsTheOneOfThisThread) {
  Pair pair;
  EXPECT_THAT(pair.Run([] { return absl::DataLossError("here"); }, [] { return absl::InternalError("beside"); }),
              StatusIs(absl::StatusCode::kDataLoss, "here"));
}

TEST(Pair, TurnsExceptionsOfEitherIntoAStatus) {
  Pair pair;
  const auto fault = []() -> absl::Status { throw std::runtime_error("a fault"); };
  EXPECT_THAT(pair.Run(fault, Nothing), StatusIs(absl::StatusCode::kInternal, HasSubstr("a fault")));
  EXPECT_THAT(pair.Run(Nothing, fault), StatusIs(absl::StatusCode::kInternal, HasSubstr("a fault")));
  const auto too_large = []() -> absl::Status { throw std::bad_alloc(); };
  EXPECT_THAT(pair.Run(too_large, Nothing), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(pair.Run(Nothing, too_large), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(Pair, AfterAnErrorItIsAsGoodAsNew) {
  Pair pair;
  const auto fault = []() -> absl::Status { throw std::runtime_error("a fault"); };
  EXPECT_THAT(pair.Run(fault, fault), StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(pair.Run(Nothing, Nothing), IsOk());
}

TEST(Pair, ComputesWithoutGradientsOnBothThreads) {
  Pair pair;
  const auto expect_inference = [] {
    EXPECT_TRUE(c10::InferenceMode::is_enabled());
    EXPECT_FALSE(c10::GradMode::is_enabled());
    return absl::OkStatus();
  };
  EXPECT_THAT(pair.Run(expect_inference, expect_inference), IsOk());
  EXPECT_FALSE(c10::InferenceMode::is_enabled());
}

TEST(Pair, MayEndUnused) {
  const Pair pair;
}

}  // namespace
}  // namespace ruyi
