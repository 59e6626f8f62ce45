#include "tests/integration/film_motion.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace ruyi {
namespace {

constexpr double kTolerance = 0.04;  // pixels per frame

// A window of 160x96 that slides over the photograph, blurred somewhat more than the demo model's films are: what is
// seen moves by `speed`.
std::vector<cv::Mat> Pan(cv::Point2d speed) {
  const cv::Mat photo = cv::imread(RUYI_SOURCE_DIR "/tests/data/photo.jpg", cv::IMREAD_GRAYSCALE);
  cv::Mat soft;
  cv::GaussianBlur(photo, soft, {}, 4);
  soft.convertTo(soft, CV_32F);
  const cv::Point2f middle(static_cast<float>(soft.cols) / 2, static_cast<float>(soft.rows) / 2);
  std::vector<cv::Mat> frames(24);
  for (size_t i = 0; i < frames.size(); ++i)
    cv::getRectSubPix(soft, {160, 96}, middle - cv::Point2f(speed * static_cast<double>(i)), frames[i]);
  return frames;
}

void ExpectMeasured(cv::Point2d speed) {
  const cv::Point2d measured = MeasureMotion(Pan(speed));
  EXPECT_NEAR(measured.x, speed.x, kTolerance);
  EXPECT_NEAR(measured.y, speed.y, kTolerance);
}

TEST(MeasureMotionTest, FindsTheSpeedOfAPan) {
  for (const double speed : {0.4, 0.9, 1.6, 2.4}) {
    ExpectMeasured({speed, 0});
    ExpectMeasured({-speed, 0});
    ExpectMeasured({0, speed});
    ExpectMeasured({0, -speed});
  }
}

TEST(MeasureMotionTest, FindsBothDirectionsAtOnce) {
  ExpectMeasured({1.3, -0.7});
}

TEST(MeasureMotionTest, FindsNoMotionInAStillPicture) {
  ExpectMeasured({0, 0});
}

TEST(MeasureStepsTest, FindsEachStepOfAPan) {
  for (const double speed : {0.4, 0.9, 1.6, 2.4}) {
    const std::vector<cv::Point2d> steps = MeasureSteps(Pan({speed, 0}));
    ASSERT_EQ(steps.size(), 23);
    for (const cv::Point2d step : steps) {
      EXPECT_NEAR(step.x, speed, kTolerance);
      EXPECT_NEAR(step.y, 0, kTolerance);
    }
  }
}

TEST(MeasureStepsTest, FindsThatAFilmStandsStillInBetween) {
  std::vector<cv::Mat> frames = Pan({2.4, 0});
  frames[5] = frames[4];
  const std::vector<cv::Point2d> steps = MeasureSteps(frames);
  EXPECT_NEAR(steps[4].x, 0, kTolerance);
  EXPECT_NEAR(steps[5].x, 4.8, kTolerance);
}

TEST(ReadGreyFramesTest, OfNoFilmIsEmpty) {
  EXPECT_TRUE(ReadGreyFrames(RUYI_SOURCE_DIR "/tests/data/README.md").empty());
}

}  // namespace
}  // namespace ruyi
