#include "core/base/clock.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "tests/support/fake_clock.h"

namespace ruyi {
namespace {

TEST(Clock, RealIsTheMachinesClock) {
  const absl::Time before = absl::Now();
  const absl::Time now = Clock::Real().Now();
  EXPECT_GE(now, before);
  EXPECT_LE(now, absl::Now());
}

TEST(Clock, RealTimeOnlyGrows) {
  const absl::Duration before = Clock::Real().Elapsed();
  EXPECT_GE(Clock::Real().Elapsed(), before);
}

TEST(Clock, RealThingsGetOldAsTimePasses) {
  const absl::Duration before = Clock::Real().Elapsed();
  const absl::Time young = Clock::Real().AgingTime();
  const absl::Time old = Clock::Real().AgingTime();
  EXPECT_GE(old, young);
  EXPECT_LE(old - young, Clock::Real().Elapsed() - before);
}

TEST(FakeClock, StepsTheTimeOfDayAlone) {
  FakeClock clock;
  const absl::Time start = clock.Now();
  const absl::Duration elapsed = clock.Elapsed();
  const absl::Time age = clock.AgingTime();
  clock.StepWall(-absl::Hours(1));
  EXPECT_EQ(clock.AgingTime(), age);
  EXPECT_EQ(clock.Now(), start - absl::Hours(1));
  EXPECT_EQ(clock.Elapsed(), elapsed);
}

TEST(FakeClock, MovesOnlyWhenItIsTurned) {
  FakeClock clock;
  const absl::Time start = clock.Now();
  EXPECT_EQ(clock.Now(), start);
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(clock.Now(), start + absl::Seconds(5));
  EXPECT_EQ(FakeClock().Now(), start);
}

}  // namespace
}  // namespace ruyi
