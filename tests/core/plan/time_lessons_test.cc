#include "core/plan/time_lessons.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace ruyi {
namespace {

using testing::ElementsAre;

TEST(TimeLessons, BelieveTheCalibrationAtFirst) {
  EXPECT_EQ(TimeLessons().factor(), 1);
  EXPECT_EQ(TimeLessons(std::vector<double>()).factor(), 1);
}

// Much too slow, as a calibration beside other work is, and much too fast.
TEST(TimeLessons, BelieveTwoVideosThatAgreeMoreThanTheCalibration) {
  for (const double ratio : {0.05, 30.0}) {
    TimeLessons lessons;
    lessons.Learn(ratio);
    EXPECT_DOUBLE_EQ(lessons.factor(), std::sqrt(ratio));
    lessons.Learn(ratio);
    EXPECT_EQ(lessons.factor(), ratio);
  }
}

TEST(TimeLessons, ForgetOneVideoThatWasHeldUp) {
  for (int videos_before = 0; videos_before < 6; ++videos_before) {
    TimeLessons lessons;
    for (int i = 0; i < videos_before; ++i)
      lessons.Learn(1);
    lessons.Learn(500);
    EXPECT_LE(lessons.factor(), videos_before == 0 ? std::sqrt(500) : 1.0) << videos_before;
    for (int i = 0; i < 6; ++i) {
      lessons.Learn(1);
      EXPECT_EQ(lessons.factor(), 1) << videos_before << " before, " << i << " after";
    }
  }
}

TEST(TimeLessons, FollowADeviceThatHasBecomeSlowerAndThenFasterWithinThreeVideos) {
  TimeLessons lessons({1, 1, 1, 1, 1});
  for (const double ratio : {4.0, 0.5}) {
    for (int i = 0; i < 3; ++i)
      lessons.Learn(ratio);
    EXPECT_EQ(lessons.factor(), ratio);
  }
}

TEST(TimeLessons, LieInTheMiddleOfVideosThatDiffer) {
  EXPECT_EQ(TimeLessons({1.3, 0.9, 1.0, 0.8, 1.2}).factor(), 1.0);
  EXPECT_DOUBLE_EQ(TimeLessons({1.6, 0.4, 0.9, 5}).factor(), 1.2);  // of 0.9 and 1.6
}

TEST(TimeLessons, KeepTheLastFiveAndGoOnFromThem) {
  TimeLessons lessons;
  for (const double ratio : {2, 3, 4, 5})
    lessons.Learn(ratio);
  EXPECT_THAT(lessons.ratios(), ElementsAre(1, 2, 3, 4, 5));
  lessons.Learn(6);
  EXPECT_THAT(lessons.ratios(), ElementsAre(2, 3, 4, 5, 6));
  const TimeLessons later(lessons.ratios());
  EXPECT_THAT(later.ratios(), ElementsAre(2, 3, 4, 5, 6));
  EXPECT_EQ(later.factor(), lessons.factor());
  EXPECT_THAT(TimeLessons({1, 2, 3, 4, 5, 6}).ratios(), ElementsAre(2, 3, 4, 5, 6));
}

TEST(TimeLessons, HaveBounds) {
  EXPECT_EQ(TimeLessons({0}).factor(), TimeLessons::kLeastRatio);
  EXPECT_EQ(TimeLessons({-1}).factor(), TimeLessons::kLeastRatio);
  EXPECT_EQ(TimeLessons({HUGE_VAL}).factor(), TimeLessons::kMostRatio);
}

}  // namespace
}  // namespace ruyi
