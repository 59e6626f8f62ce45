#include "core/base/duration_text.h"

#include <gtest/gtest.h>

namespace ruyi {
namespace {

TEST(DurationText, SaysItAsPeopleDo) {
  EXPECT_EQ(DurationText(absl::ZeroDuration()), "0 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(300)), "0.3 s");
  EXPECT_EQ(DurationText(absl::Seconds(2.5)), "2.5 s");
  EXPECT_EQ(DurationText(absl::Seconds(5)), "5 s");
  EXPECT_EQ(DurationText(absl::Seconds(45)), "45 s");
  EXPECT_EQ(DurationText(absl::Seconds(60)), "1 min");
  EXPECT_EQ(DurationText(absl::Seconds(150)), "2 min 30 s");
  EXPECT_EQ(DurationText(absl::Hours(1)), "1 h");
  EXPECT_EQ(DurationText(absl::Seconds(9037.59)), "2 h 31 min");
  EXPECT_EQ(DurationText(absl::Hours(24)), "1 d");
  EXPECT_EQ(DurationText(absl::Hours(76)), "3 d 4 h");
  EXPECT_EQ(DurationText(absl::Hours(24) * 366), "366 d");
}

TEST(DurationText, RoundsUpIntoTheNextUnitToo) {
  EXPECT_EQ(DurationText(absl::Milliseconds(1)), "0.1 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(9950)), "10 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(10001)), "11 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(59001)), "1 min");
  EXPECT_EQ(DurationText(absl::Milliseconds(3599001)), "1 h");
  EXPECT_EQ(DurationText(absl::Hours(24) - absl::Seconds(1)), "1 d");
}

TEST(DurationText, IsNotLedAstrayByTheLastBitOfASecond) {
  EXPECT_EQ(DurationText(absl::Seconds(2.1)), "2.1 s");
  EXPECT_EQ(DurationText(absl::Seconds(12) + absl::Nanoseconds(1)), "12 s");
}

TEST(DurationText, OfWhatHasNoEndOrNoLength) {
  EXPECT_EQ(DurationText(absl::InfiniteDuration()), "for ever");
  EXPECT_EQ(DurationText(-absl::Seconds(3)), "0 s");
  EXPECT_EQ(DurationText(-absl::InfiniteDuration()), "0 s");
}

}  // namespace
}  // namespace ruyi
