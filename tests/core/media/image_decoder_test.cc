// Tests what the decoder makes of pictures that it takes.
#include "core/media/image_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>

#include "core/media/opencv/opencv_image_decoder.h"
#include "tests/core/media/jpeg_writer.h"
#include "tests/core/media/test_pictures.h"

namespace ruyi {
namespace {

using ::testing::ElementsAre;
using ::testing::Pointwise;

MATCHER_P(IsWithin, tolerance, "") {
  return std::abs(std::get<0>(arg) - std::get<1>(arg)) <= tolerance;
}

RgbImage MustDecode(const std::string& bytes) {
  absl::StatusOr<RgbImage> image = Decode(bytes);
  EXPECT_TRUE(image.ok()) << image.status();
  return image.ok() ? *std::move(image) : RgbImage{};
}

void ExpectQuarters(const RgbImage& image, int tolerance) {
  ASSERT_EQ(image.width, 24);
  ASSERT_EQ(image.height, 16);
  ASSERT_EQ(image.pixels.size(), 24u * 16 * 3);
  EXPECT_THAT(RgbAt(image, 4, 3), Pointwise(IsWithin(tolerance), {255, 0, 0}));
  EXPECT_THAT(RgbAt(image, 19, 3), Pointwise(IsWithin(tolerance), {0, 255, 0}));
  EXPECT_THAT(RgbAt(image, 4, 12), Pointwise(IsWithin(tolerance), {0, 0, 255}));
  EXPECT_THAT(RgbAt(image, 19, 12), Pointwise(IsWithin(tolerance), {255, 255, 255}));
}

TEST(ImageDecoderTest, TakesPng) {
  ExpectQuarters(MustDecode(EncodePicture(".png", QuartersBgr())), 0);
}

TEST(ImageDecoderTest, TakesJpeg) {
  ExpectQuarters(MustDecode(EncodePicture(".jpg", QuartersBgr(), {cv::IMWRITE_JPEG_QUALITY, 100})), 8);
}

TEST(ImageDecoderTest, TakesProgressiveJpeg) {
  const std::vector<int> parameters = {cv::IMWRITE_JPEG_QUALITY, 100, cv::IMWRITE_JPEG_PROGRESSIVE, 1};
  ExpectQuarters(MustDecode(EncodePicture(".jpg", QuartersBgr(), parameters)), 8);
}

TEST(ImageDecoderTest, TakesJpegWithRestartMarkers) {
  const std::vector<int> parameters = {cv::IMWRITE_JPEG_QUALITY, 100, cv::IMWRITE_JPEG_RST_INTERVAL, 1};
  ExpectQuarters(MustDecode(EncodePicture(".jpg", QuartersBgr(), parameters)), 8);
}

TEST(ImageDecoderTest, TakesGreyJpeg) {
  const RgbImage image = MustDecode(EncodePicture(".jpg", cv::Mat(8, 8, CV_8U, cv::Scalar(90))));
  EXPECT_THAT(RgbAt(image, 3, 3), Pointwise(IsWithin(2), {90, 90, 90}));
}

TEST(ImageDecoderTest, TakesCmykJpegWithAndWithoutAdobesMarker) {
  const std::string no_ink("\0\0\0\0", 4), black("\0\0\0\xFF", 4), cyan("\xFF\0\0\0", 4);
  for (const bool with_adobe_marker : {false, true}) {
    std::string row;
    for (const std::string& ink : {no_ink, black, cyan})
      for (int i = 0; i < 8; ++i)
        row += ink;
    if (with_adobe_marker)
      for (char& sample : row)
        sample = static_cast<char>(~sample);
    const RgbImage image = MustDecode(WriteCmykJpeg(row, with_adobe_marker));
    EXPECT_THAT(RgbAt(image, 3, 0), Pointwise(IsWithin(3), {255, 255, 255}));
    EXPECT_THAT(RgbAt(image, 11, 0), Pointwise(IsWithin(3), {0, 0, 0}));
    EXPECT_THAT(RgbAt(image, 19, 0), Pointwise(IsWithin(3), {0, 255, 255}));
  }
}

TEST(ImageDecoderTest, TakesTheDefaultImageOfAnAnimatedPng) {
  const std::string control = PngChunk("acTL", std::string("\0\0\0\1\0\0\0\0", 8));
  const RgbImage image = MustDecode(MakePng({.colour_type = 0, .rows = {"\x5A"}, .before_pixels = control}));
  EXPECT_THAT(RgbAt(image, 0, 0), ElementsAre(90, 90, 90));
}

TEST(ImageDecoderTest, TakesLossyWebp) {
  ExpectQuarters(MustDecode(EncodePicture(".webp", QuartersBgr(), {cv::IMWRITE_WEBP_QUALITY, 100})), 24);
}

TEST(ImageDecoderTest, TakesLosslessWebp) {
  ExpectQuarters(MustDecode(EncodePicture(".webp", QuartersBgr(), {cv::IMWRITE_WEBP_QUALITY, 101})), 0);
}

TEST(ImageDecoderTest, TakesBytesAfterTheEndOfAJpegOrPng) {
  for (const std::string extension : {".jpg", ".png"})
    EXPECT_EQ(MustDecode(EncodePicture(extension, QuartersBgr()) + "more").width, 24) << extension;
}

TEST(ImageDecoderTest, LaysAlphaOverWhite) {
  cv::Mat image(1, 4, CV_8UC4);
  image.at<cv::Vec4b>(0, 0) = {0, 0, 200, 255};
  image.at<cv::Vec4b>(0, 1) = {0, 0, 200, 0};
  image.at<cv::Vec4b>(0, 2) = {0, 100, 200, 128};
  image.at<cv::Vec4b>(0, 3) = {0, 0, 0, 51};
  const RgbImage decoded = MustDecode(EncodePicture(".png", image));
  EXPECT_THAT(RgbAt(decoded, 0, 0), ElementsAre(200, 0, 0));
  EXPECT_THAT(RgbAt(decoded, 1, 0), ElementsAre(255, 255, 255));
  EXPECT_THAT(RgbAt(decoded, 2, 0), Pointwise(IsWithin(1), {227, 177, 127}));
  EXPECT_THAT(RgbAt(decoded, 3, 0), ElementsAre(204, 204, 204));
}

TEST(ImageDecoderTest, LaysTheAlphaOfWebpOverWhite) {
  const cv::Mat image(8, 8, CV_8UC4, cv::Scalar(0, 0, 200, 0));
  const RgbImage decoded = MustDecode(EncodePicture(".webp", image, {cv::IMWRITE_WEBP_QUALITY, 101}));
  EXPECT_THAT(RgbAt(decoded, 4, 4), ElementsAre(255, 255, 255));
}

TEST(ImageDecoderTest, RoundsSixteenBitsToEight) {
  cv::Mat image(1, 3, CV_16UC3);
  image.at<cv::Vec3w>(0, 0) = {0, 32896, 65535};
  image.at<cv::Vec3w>(0, 1) = {257, 128, 129};  // 1, 0.498 and 0.502 of 255
  image.at<cv::Vec3w>(0, 2) = {65535, 0, 0};
  const RgbImage decoded = MustDecode(EncodePicture(".png", image));
  EXPECT_THAT(RgbAt(decoded, 0, 0), ElementsAre(255, 128, 0));
  EXPECT_THAT(RgbAt(decoded, 1, 0), ElementsAre(1, 0, 1));
  EXPECT_THAT(RgbAt(decoded, 2, 0), ElementsAre(0, 0, 255));
}

TEST(ImageDecoderTest, LaysSixteenBitAlphaOverWhite) {
  const cv::Mat image(2, 2, CV_16UC4, cv::Scalar(0, 0, 65535, 32768));
  EXPECT_THAT(RgbAt(MustDecode(EncodePicture(".png", image)), 1, 1), Pointwise(IsWithin(1), {255, 127, 127}));
}

TEST(ImageDecoderTest, MakesGreyRgb) {
  EXPECT_THAT(RgbAt(MustDecode(EncodePicture(".png", cv::Mat(2, 2, CV_8U, cv::Scalar(90)))), 1, 1),
              ElementsAre(90, 90, 90));
  EXPECT_THAT(RgbAt(MustDecode(EncodePicture(".png", cv::Mat(2, 2, CV_16U, cv::Scalar(32896)))), 1, 1),
              ElementsAre(128, 128, 128));
}

TEST(ImageDecoderTest, TakesBlackAndWhitePng) {
  const RgbImage image = MustDecode(MakePng({.width = 2, .bit_depth = 1, .colour_type = 0, .rows = {"\x40"}}));
  EXPECT_THAT(RgbAt(image, 0, 0), ElementsAre(0, 0, 0));
  EXPECT_THAT(RgbAt(image, 1, 0), ElementsAre(255, 255, 255));
}

TEST(ImageDecoderTest, LaysGreyWithAlphaOverWhite) {
  const RgbImage image =
      MustDecode(MakePng({.width = 2, .colour_type = 4, .rows = {std::string("\x5A\xFF\x5A\x00", 4)}}));
  EXPECT_THAT(RgbAt(image, 0, 0), ElementsAre(90, 90, 90));
  EXPECT_THAT(RgbAt(image, 1, 0), ElementsAre(255, 255, 255));
}

TEST(ImageDecoderTest, LaysATransparentPaletteOverWhite) {
  const std::string palette = PngChunk("PLTE", std::string("\xC8\x00\x00\x00\xC8\x00", 6));
  const std::string alpha = PngChunk("tRNS", std::string("\xFF\x00", 2));
  const RgbImage image = MustDecode(
      MakePng({.width = 2, .colour_type = 3, .rows = {std::string("\x00\x01", 2)}, .before_pixels = palette + alpha}));
  EXPECT_THAT(RgbAt(image, 0, 0), ElementsAre(200, 0, 0));
  EXPECT_THAT(RgbAt(image, 1, 0), ElementsAre(255, 255, 255));
}

TEST(ImageDecoderTest, TakesPicturesAtTheirLimits) {
  const std::string bytes = EncodePicture(".png", QuartersBgr());
  const ImageLimits limits = {.max_bytes = static_cast<int64_t>(bytes.size()), .max_pixels = 24 * 16};
  EXPECT_TRUE(OpencvImageDecoder().Decode(bytes, limits).ok());
}

}  // namespace
}  // namespace ruyi
