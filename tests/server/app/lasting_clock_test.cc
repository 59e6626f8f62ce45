#include "server/app/lasting_clock.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/fake_clock.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

constexpr absl::Duration kYear = absl::Hours(24 * 365);

class LastingClockTest : public testing::Test {
 protected:
  // The time as the next process sees it.
  absl::Time AgeAfterRestart() const { return LastingClock(path_, machine_).AgingTime(); }

  FakeClock machine_;
  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "below" / "clock.json";
};

TEST_F(LastingClockTest, TellsTheTimeOfTheMachine) {
  const LastingClock clock(path_, machine_);
  machine_.StepWall(kYear);
  machine_.Advance(absl::Seconds(1));
  EXPECT_EQ(clock.Now(), machine_.Now());
  EXPECT_EQ(clock.Elapsed(), machine_.Elapsed());
}

TEST_F(LastingClockTest, BeginsWithTheTimeOfDay) {
  EXPECT_EQ(AgeAfterRestart(), machine_.Now());
}

TEST_F(LastingClockTest, GoesOnEvenlyWhenTheClockIsStepped) {
  const LastingClock clock(path_, machine_);
  const absl::Time begin = clock.AgingTime();
  for (const absl::Duration step : {kYear, -2 * kYear}) {
    machine_.StepWall(step);
    EXPECT_EQ(clock.AgingTime(), begin);
  }
  machine_.Advance(absl::Hours(30));
  EXPECT_EQ(clock.AgingTime(), begin + absl::Hours(30));
}

TEST_F(LastingClockTest, CountsTheTimeUntilTheNextProcess) {
  const absl::Time last = AgeAfterRestart();
  machine_.Advance(absl::Minutes(20));
  EXPECT_EQ(AgeAfterRestart(), last + absl::Minutes(20));
}

TEST_F(LastingClockTest, BelievesNoStepBetweenTwoProcesses) {
  const absl::Time last = AgeAfterRestart();
  machine_.StepWall(-kYear);
  EXPECT_EQ(AgeAfterRestart(), last);
  machine_.StepWall(kYear);
  EXPECT_EQ(AgeAfterRestart(), last + LastingClock::kMostAway);
}

// The clock is put right while the server runs, as at the start of a machine that has no battery.
TEST_F(LastingClockTest, KnowsAtTheNextStartOfStepsBeforeTheLastSaving) {
  for (const absl::Duration step : {kYear, -kYear}) {
    absl::Time last;
    {
      const LastingClock clock(path_, machine_);
      clock.AgingTime();
      machine_.StepWall(step);
      machine_.Advance(LastingClock::kSaveInterval);
      last = clock.AgingTime();
    }
    machine_.Advance(absl::Minutes(1));
    EXPECT_EQ(AgeAfterRestart(), last + absl::Minutes(1));
  }
}

TEST_F(LastingClockTest, BeginsAnewWhenItsFileIsDamaged) {
  AgeAfterRestart();
  for (const char* text : {"", "{}", R"({"aging_time_ns": 1.5, "time_of_day_ns": 0})"}) {
    std::ofstream(path_) << text;
    EXPECT_EQ(AgeAfterRestart(), machine_.Now()) << text;
  }
}

TEST_F(LastingClockTest, GoesOnWhereItCannotWrite) {
  std::ofstream(folder_.path() / "below") << "a file where the folder should be";
  const LastingClock clock(path_, machine_);
  const absl::Time begin = clock.AgingTime();
  machine_.Advance(absl::Hours(1));
  EXPECT_EQ(clock.AgingTime(), begin + absl::Hours(1));
}

}  // namespace
}  // namespace ruyi
