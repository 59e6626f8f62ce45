#include "client/contact_sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <vector>

#include "tests/client/sample_film.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::HasSubstr;

cv::Mat SheetOf(const std::string& film) {
  const absl::StatusOr<std::string> png = MakeContactSheet(film);
  EXPECT_TRUE(png.ok()) << png.status();
  const std::vector<char> bytes(png->begin(), png->end());
  return cv::imdecode(bytes, cv::IMREAD_COLOR);
}

int GreyAt(const cv::Mat& sheet, int column, int row) {
  return sheet.at<cv::Vec3b>(row * (48 + 4) + 24, column * (64 + 4) + 32)[0];
}

TEST(ContactSheet, ShowsEightOfManyFramesFromTheFirstToTheLast) {
  const TemporaryFolder folder;
  const cv::Mat sheet = SheetOf(WriteSampleFilm(folder.path() / "film.mp4", 22));
  EXPECT_EQ(sheet.size(), cv::Size(4 * 64 + 3 * 4, 2 * 48 + 4));
  for (int i = 0; i < 8; ++i) {
    EXPECT_NEAR(GreyAt(sheet, i % 4, i / 4), 10 * (3 * i + 1), 6) << i;
  }
}

TEST(ContactSheet, LeavesTheGapsWhite) {
  const TemporaryFolder folder;
  const cv::Mat sheet = SheetOf(WriteSampleFilm(folder.path() / "film.mp4", 8));
  EXPECT_EQ(sheet.at<cv::Vec3b>(10, 64), cv::Vec3b(255, 255, 255));
  EXPECT_EQ(sheet.at<cv::Vec3b>(10, 67), cv::Vec3b(255, 255, 255));
  EXPECT_EQ(sheet.at<cv::Vec3b>(51, 10), cv::Vec3b(255, 255, 255));
  EXPECT_NE(sheet.at<cv::Vec3b>(10, 68), cv::Vec3b(255, 255, 255));
}

TEST(ContactSheet, OfThreeFramesHasOneRow) {
  const TemporaryFolder folder;
  EXPECT_EQ(SheetOf(WriteSampleFilm(folder.path() / "film.mp4", 3)).size(), cv::Size(3 * 64 + 2 * 4, 48));
}

TEST(ContactSheet, OfOneFrameIsThatFrame) {
  const TemporaryFolder folder;
  EXPECT_EQ(SheetOf(WriteSampleFilm(folder.path() / "film.mp4", 1)).size(), cv::Size(64, 48));
}

TEST(ContactSheet, RefusesWhatIsNoVideo) {
  const TemporaryFolder folder;
  const absl::StatusOr<std::string> png = MakeContactSheet(folder.Write("film.mp4", "no film"));
  EXPECT_TRUE(absl::IsDataLoss(png.status()));
  EXPECT_THAT(std::string(png.status().message()), HasSubstr("film.mp4 cannot be read as a video"));
}

}  // namespace
}  // namespace ruyi::client
