// EXIF orientations 1 to 8 and damaged EXIF blocks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <string>

#include "core/media/opencv/exif_orientation.h"
#include "tests/core/media/test_pictures.h"

namespace ruyi {
namespace {

using ::testing::ElementsAre;

// R, G, B or W: the strongest channels at a pixel.
char ColourAt(const RgbImage& image, int x, int y) {
  const std::vector<int> rgb = RgbAt(image, x, y);
  const bool red = rgb[0] > 127, green = rgb[1] > 127, blue = rgb[2] > 127;
  if (red && green && blue)
    return 'W';
  return red ? 'R' : green ? 'G' : blue ? 'B' : '?';
}

// The colours of the quarters, the upper two first, after the size.
std::string Layout(const std::string& bytes) {
  const absl::StatusOr<RgbImage> image = Decode(bytes);
  if (!image.ok())
    return image.status().ToString();
  const int left = 2, right = image->width - 3, top = 2, bottom = image->height - 3;
  return std::to_string(image->width) + "x" + std::to_string(image->height) + " " + ColourAt(*image, left, top) +
         ColourAt(*image, right, top) + ColourAt(*image, left, bottom) + ColourAt(*image, right, bottom);
}

// What the quarters R G / B W, stored with an orientation, look like upright (EXIF 2.3, section 4.6.4).
constexpr const char* kUpright[] = {"24x16 RGBW", "24x16 GRWB", "24x16 WBGR", "24x16 BWRG",
                                    "16x24 RBGW", "16x24 BRWG", "16x24 WGBR", "16x24 GWRB"};

class ImageOrientationTest : public testing::TestWithParam<int> {};

TEST_P(ImageOrientationTest, TurnsAJpegUpright) {
  const std::string jpeg = EncodePicture(".jpg", QuartersBgr());
  for (const bool little_endian : {true, false})
    EXPECT_EQ(Layout(WithExif(jpeg, OrientationTiff(GetParam(), little_endian))), kUpright[GetParam() - 1]);
}

TEST_P(ImageOrientationTest, TurnsAPngUpright) {
  const std::string png = EncodePicture(".png", QuartersBgr());
  constexpr size_t kAfterHeader = 33;  // magic and IHDR
  const std::string turned =
      png.substr(0, kAfterHeader) + PngChunk("eXIf", OrientationTiff(GetParam(), false)) + png.substr(kAfterHeader);
  EXPECT_EQ(Layout(turned), kUpright[GetParam() - 1]);
}

INSTANTIATE_TEST_SUITE_P(AllOrientations, ImageOrientationTest, testing::Range(1, 9));

TEST(ExifOrientationTest, IsUprightOutsideOneToEight) {
  const std::string jpeg = EncodePicture(".jpg", QuartersBgr());
  for (const int orientation : {0, 9, 65535})
    EXPECT_EQ(Layout(WithExif(jpeg, OrientationTiff(orientation, true))), kUpright[0]) << orientation;
}

TEST(ExifOrientationTest, IsUprightInDamagedBlocks) {
  const std::string tiff = OrientationTiff(6, true);
  ASSERT_EQ(ReadExifOrientation(tiff), 6);
  constexpr size_t kAfterValue = 20;  // what follows the value is padding and the next directory
  for (size_t size = 0; size < kAfterValue; ++size)
    EXPECT_EQ(ReadExifOrientation(tiff.substr(0, size)), 1) << size;
  EXPECT_EQ(ReadExifOrientation("XX" + tiff.substr(2)), 1);
  EXPECT_EQ(ReadExifOrientation("II\x2B" + tiff.substr(3)), 1);
  EXPECT_EQ(ReadExifOrientation(tiff.substr(0, 4) + "\xFF\xFF\xFF\xFF" + tiff.substr(8)), 1);
}

TEST(ExifOrientationTest, IsFoundAfterOtherEntries) {
  const std::string other = std::string("\x0F\x01\x03\x00\x01\x00\x00\x00\x07\x00\x00\x00", 12);
  const std::string tiff = OrientationTiff(8, true);
  EXPECT_EQ(ReadExifOrientation(tiff.substr(0, 8) + std::string("\x02\x00", 2) + other + tiff.substr(10)), 8);
  EXPECT_EQ(ReadExifOrientation(tiff.substr(0, 8) + std::string("\x01\x00", 2) + other), 1);
}

TEST(ExifOrientationTest, IgnoresApp1SegmentsOfOtherKinds) {
  const std::string jpeg = EncodePicture(".jpg", QuartersBgr());
  const std::string xmp = std::string("\xFF\xE1\x00\x06http", 8);
  EXPECT_EQ(Layout(jpeg.substr(0, 2) + xmp + jpeg.substr(2)), kUpright[0]);
}

}  // namespace
}  // namespace ruyi
