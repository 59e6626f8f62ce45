#include "core/base/cancellation.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "core/base/error_reasons.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

constexpr absl::StatusCode kAborted = absl::StatusCode::kAborted;
constexpr absl::StatusCode kCancelled = absl::StatusCode::kCancelled;
constexpr absl::StatusCode kDeadlineExceeded = absl::StatusCode::kDeadlineExceeded;

TEST(CancellationToken, WithoutASourceNeverEnds) {
  EXPECT_THAT(CancellationToken().Check(), IsOk());
}

TEST(CancellationToken, WithoutADeadlineDoesNotEndByTime) {
  FakeClock clock;
  const CancellationSource source(absl::InfiniteDuration(), clock);
  clock.Advance(absl::Hours(24 * 365 * 100));
  EXPECT_THAT(source.token().Check(), IsOk());
}

TEST(CancellationToken, WithTheRealClockWaitsForACause) {
  CancellationSource source;
  EXPECT_THAT(source.token().Check(), IsOk());
  source.Cancel(absl::CancelledError("stop"));
  EXPECT_THAT(source.token().Check(), StatusIs(kCancelled));
}

TEST(CancellationToken, SaysWhyItWasCancelled) {
  CancellationSource source;
  const CancellationToken token = source.token();
  source.Cancel(ErrorWithReason(kCancelled, "the caller left", reason::kCancelledByCaller));
  EXPECT_THAT(token.Check(), StatusIs(kCancelled, "the caller left"));
  EXPECT_THAT(token.Check(), HasReason(reason::kCancelledByCaller));
}

TEST(CancellationToken, IsTheSameForAllWhoHoldOne) {
  CancellationSource source;
  const CancellationToken early = source.token();
  CancellationSource(source).Cancel(absl::CancelledError("stop"));
  EXPECT_THAT(early.Check(), StatusIs(kCancelled));
  EXPECT_THAT(source.token().Check(), StatusIs(kCancelled));
}

TEST(CancellationToken, KeepsTheFirstCauseOfTwoCancels) {
  CancellationSource source;
  source.Cancel(absl::AbortedError("first"));
  source.Cancel(absl::CancelledError("second"));
  EXPECT_THAT(source.token().Check(), StatusIs(kAborted, "first"));
}

TEST(CancellationToken, EndsAtItsDeadlineAndNotBefore) {
  FakeClock clock;
  const CancellationSource source(clock.Elapsed() + absl::Seconds(10), clock);
  clock.Advance(absl::Seconds(10) - absl::Nanoseconds(1));
  EXPECT_THAT(source.token().Check(), IsOk());
  clock.Advance(absl::Nanoseconds(1));
  EXPECT_THAT(source.token().Check(), StatusIs(kDeadlineExceeded));
  EXPECT_THAT(source.token().Check(), HasReason(reason::kJobTimeout));
}

TEST(CancellationToken, KeepsTheDeadlineAsCauseWhenCancelledAfterIt) {
  FakeClock clock;
  CancellationSource source(clock.Elapsed(), clock);
  EXPECT_THAT(source.token().Check(), StatusIs(kDeadlineExceeded));
  source.Cancel(absl::CancelledError("too late"));
  EXPECT_THAT(source.token().Check(), StatusIs(kDeadlineExceeded));
}

TEST(CancellationToken, TakesADeadlineThatNobodyNoticedForTheCauseWhenCancelledAfterIt) {
  FakeClock clock;
  CancellationSource source(clock.Elapsed() + absl::Seconds(1), clock);
  clock.Advance(absl::Seconds(2));
  source.Cancel(absl::CancelledError("stop"));
  EXPECT_THAT(source.token().Check(), StatusIs(kDeadlineExceeded));
}

TEST(CancellationToken, KeepsTheCancelAsCauseWhenTheDeadlinePassesAfterIt) {
  FakeClock clock;
  CancellationSource source(clock.Elapsed() + absl::Seconds(1), clock);
  source.Cancel(absl::CancelledError("in time"));
  clock.Advance(absl::Seconds(2));
  EXPECT_THAT(source.token().Check(), StatusIs(kCancelled, "in time"));
}

TEST(CancellationToken, OutlivesItsSource) {
  FakeClock clock;
  std::optional<CancellationSource> source(std::in_place, clock.Elapsed() + absl::Seconds(1), clock);
  const CancellationToken token = source->token();
  source.reset();
  EXPECT_THAT(token.Check(), IsOk());
  clock.Advance(absl::Seconds(1));
  EXPECT_THAT(token.Check(), StatusIs(kDeadlineExceeded));
}

TEST(CancellationToken, DoesNotEndWhenTheTimeOfDayIsSet) {
  FakeClock clock;
  const CancellationSource source(clock.Elapsed() + absl::Seconds(10), clock);
  clock.StepWall(absl::Hours(24));
  EXPECT_THAT(source.token().Check(), IsOk());
  clock.StepWall(-absl::Hours(48));
  clock.Advance(absl::Seconds(10));
  EXPECT_THAT(source.token().Check(), StatusIs(kDeadlineExceeded));
}

TEST(CancellationSource, EndsATokenThatAnotherThreadPolls) {
  CancellationSource source;
  absl::Status seen;
  std::thread poller([&seen, token = source.token()] {
    while (seen.ok())
      seen = token.Check();
  });
  source.Cancel(absl::CancelledError("stop"));
  poller.join();
  EXPECT_THAT(seen, StatusIs(kCancelled, "stop"));
}

}  // namespace
}  // namespace ruyi
