#include "core/media/image_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "core/media/codecs/jpeg_encoder.h"
#include "tests/core/media/test_pictures.h"
#include "tests/core/media/video_probe.h"

namespace ruyi {
namespace {

using ::testing::HasSubstr;

TEST(ImageEncoderTest, WritesWhatTheDecoderReads) {
  RgbImage image = GreyFrame(32, 16, 0);
  for (size_t i = 0; i < image.pixels.size(); i += 3)
    image.pixels[i] = 200;  // red
  const auto jpeg = JpegEncoder().EncodeJpeg(image, 95);
  ASSERT_TRUE(jpeg.ok()) << jpeg.status();
  const auto decoded = Decode(*jpeg);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->width, 32);
  EXPECT_EQ(decoded->height, 16);
  EXPECT_NEAR(RgbAt(*decoded, 20, 8)[0], 200, 3);
  EXPECT_NEAR(RgbAt(*decoded, 20, 8)[1], 0, 3);
  EXPECT_NEAR(RgbAt(*decoded, 20, 8)[2], 0, 3);
}

TEST(ImageEncoderTest, MakesLargerFilesOfHigherQuality) {
  const RgbImage image = BusyFrame(64, 48, 0);
  const JpegEncoder encoder;
  EXPECT_LT(encoder.EncodeJpeg(image, 1)->size(), encoder.EncodeJpeg(image, 50)->size());
  EXPECT_LT(encoder.EncodeJpeg(image, 50)->size(), encoder.EncodeJpeg(image, 100)->size());
}

TEST(ImageEncoderTest, RefusesAQualityOutOfItsRange) {
  for (const int quality : {-1, 0, 101}) {
    const absl::Status status = JpegEncoder().EncodeJpeg(GreyFrame(8, 8, 0), quality).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(std::string(status.message()), "quality is " + std::to_string(quality) + "; it must be from 1 to 100");
  }
}

TEST(ImageEncoderTest, RefusesSizesThatJpegCannotHave) {
  RgbImage wide = GreyFrame(65501, 1, 0);
  for (const RgbImage& image : {RgbImage{}, GreyFrame(0, 8, 0), GreyFrame(8, 0, 0), wide}) {
    const absl::Status status = JpegEncoder().EncodeJpeg(image, 80).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("a JPEG file takes 1 to 65500 a side"));
  }
  EXPECT_TRUE(JpegEncoder().EncodeJpeg(GreyFrame(65500, 1, 0), 80).ok());
}

TEST(ImageEncoderTest, RefusesPixelsThatDoNotFillThePicture) {
  RgbImage image = GreyFrame(8, 8, 0);
  image.pixels.pop_back();
  const absl::Status status = JpegEncoder().EncodeJpeg(image, 80).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), "the picture has 191 bytes; 8x8 pixels of RGB have 192");
}

}  // namespace
}  // namespace ruyi
