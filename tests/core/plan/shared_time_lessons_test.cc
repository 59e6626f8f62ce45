#include "core/plan/shared_time_lessons.h"

#include <gtest/gtest.h>

namespace ruyi {
namespace {

TEST(SharedTimeLessons, AreThoseOfAllDevicesWithTheSameCalibration) {
  SharedTimeLessons shared;
  shared.Of({.clip_seconds = 1}, {})->Learn(3);
  shared.Of({.clip_seconds = 1}, {})->Learn(3);
  EXPECT_EQ(shared.Of({.clip_seconds = 1}, {})->factor(), 3);
}

TEST(SharedTimeLessons, SayNothingOfADeviceThatWasMeasuredForItself) {
  SharedTimeLessons shared;
  shared.Of({.clip_seconds = 1}, {3});
  EXPECT_EQ(shared.Of({.clip_seconds = 2}, {})->factor(), 1);
}

TEST(SharedTimeLessons, BeginOnceWithWhatWasKept) {
  SharedTimeLessons shared;
  EXPECT_EQ(shared.Of({.clip_seconds = 1}, {3})->factor(), 3);
  EXPECT_EQ(shared.Of({.clip_seconds = 1}, {5})->factor(), 3);
}

}  // namespace
}  // namespace ruyi
