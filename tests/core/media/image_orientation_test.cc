// Tests EXIF orientations 1 to 8 and damaged EXIF blocks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <webp/mux.h>

#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "core/media/codecs/exif_orientation.h"
#include "tests/core/media/test_pictures.h"

namespace ruyi {
namespace {

using ::testing::ElementsAre;

// Returns R, G, B or W: the strongest channels at a pixel.
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

// The quarters R G / B W, stored with each orientation, as they look upright (EXIF 2.3, section 4.6.4).
constexpr const char* kUpright[] = {"24x16 RGBW", "24x16 GRWB", "24x16 WBGR", "24x16 BWRG",
                                    "16x24 RBGW", "16x24 BRWG", "16x24 WGBR", "16x24 GWRB"};

// The orientation in both byte orders and every type, with "Exif\0\0" in front and without.
std::vector<std::string> AllForms(int orientation) {
  std::vector<std::string> forms;
  for (const bool little_endian : {true, false})
    for (const TiffType type : {TiffType::kByte, TiffType::kShort, TiffType::kLong}) {
      forms.push_back(OrientationTiff(orientation, little_endian, type));
      forms.push_back(std::string("Exif\0\0", 6) + forms.back());
    }
  return forms;
}

std::string PngWith(const std::string& before_pixels, const std::string& after_pixels) {
  const std::string png = EncodePicture(".png", QuartersBgr());
  constexpr size_t kAfterHeader = 33;  // magic and IHDR
  const size_t end = png.size() - 12;  // IEND
  return png.substr(0, kAfterHeader) + before_pixels + png.substr(kAfterHeader, end - kAfterHeader) + after_pixels +
         png.substr(end);
}

// Returns EXIF data as a text, in each of the chunks that hold texts.
std::vector<std::string> TextChunks(const std::string& exif) {
  std::vector<std::string> chunks;
  for (const std::string name : {"exif", "APP1"}) {
    const std::string key = "Raw profile type " + name + '\0', text = RawProfile(name, exif);
    chunks.push_back(PngChunk("tEXt", key + text));
    chunks.push_back(PngChunk("zTXt", key + '\0' + Zlib(text)));
    chunks.push_back(PngChunk("iTXt", key + std::string(4, '\0') + text));
    chunks.push_back(PngChunk("iTXt", key + '\1' + std::string(3, '\0') + Zlib(text)));
  }
  return chunks;
}

std::string WebpWith(const std::string& exif, int quality) {
  const std::string webp = EncodePicture(".webp", QuartersBgr(), {cv::IMWRITE_WEBP_QUALITY, quality});
  const WebPData picture = {reinterpret_cast<const uint8_t*>(webp.data()), webp.size()};
  const WebPData chunk = {reinterpret_cast<const uint8_t*>(exif.data()), exif.size()};
  WebPMux* mux = WebPMuxCreate(&picture, 1);
  EXPECT_EQ(WebPMuxSetChunk(mux, "EXIF", &chunk, 1), WEBP_MUX_OK);
  WebPData data = {};
  EXPECT_EQ(WebPMuxAssemble(mux, &data), WEBP_MUX_OK);
  std::string file(reinterpret_cast<const char*>(data.bytes), data.size);
  WebPDataClear(&data);
  WebPMuxDelete(mux);
  return file;
}

class ImageOrientationTest : public testing::TestWithParam<int> {};

TEST_P(ImageOrientationTest, TurnsAJpegUpright) {
  const std::string jpeg = EncodePicture(".jpg", QuartersBgr());
  for (const bool little_endian : {true, false})
    for (const TiffType type : {TiffType::kByte, TiffType::kShort, TiffType::kLong})
      EXPECT_EQ(Layout(WithExif(jpeg, OrientationTiff(GetParam(), little_endian, type))), kUpright[GetParam() - 1]);
}

TEST_P(ImageOrientationTest, TurnsAPngUpright) {
  for (const std::string& exif : AllForms(GetParam())) {
    EXPECT_EQ(Layout(PngWith(PngChunk("eXIf", exif), "")), kUpright[GetParam() - 1]);
    EXPECT_EQ(Layout(PngWith("", PngChunk("eXIf", exif))), kUpright[GetParam() - 1]);
  }
}

TEST_P(ImageOrientationTest, TurnsAPngWithATextUpright) {
  for (const std::string& exif : AllForms(GetParam()))
    for (const std::string& chunk : TextChunks(exif)) {
      EXPECT_EQ(Layout(PngWith(chunk, "")), kUpright[GetParam() - 1]) << chunk;
      EXPECT_EQ(Layout(PngWith("", chunk)), kUpright[GetParam() - 1]) << chunk;
    }
}

TEST_P(ImageOrientationTest, TurnsAWebpUpright) {
  for (const int quality : {100, 101})
    for (const std::string& exif : AllForms(GetParam()))
      EXPECT_EQ(Layout(WebpWith(exif, quality)), kUpright[GetParam() - 1]);
}

INSTANTIATE_TEST_SUITE_P(AllOrientations, ImageOrientationTest, testing::Range(1, 9));

TEST(ExifOrientationTest, IsUprightOutsideOneToEight) {
  const std::string jpeg = EncodePicture(".jpg", QuartersBgr());
  for (const int orientation : {0, 9, 65535})
    EXPECT_EQ(Layout(WithExif(jpeg, OrientationTiff(orientation, true))), kUpright[0]) << orientation;
}

TEST(ExifOrientationTest, IsUprightWhenTheValueIsNoNumber) {
  EXPECT_EQ(ReadExifOrientation(OrientationTiff(6, true, TiffType::kAscii)), 1);
}

TEST(ExifOrientationTest, IsUprightWithALongThatIsTooLarge) {
  EXPECT_EQ(ReadExifOrientation(OrientationTiff(0x10006, true, TiffType::kLong)), 1);
  EXPECT_EQ(ReadExifOrientation(OrientationTiff(0x60000, false, TiffType::kLong)), 1);
}

TEST(ExifOrientationTest, OfTheExifChunkGoesBeforeTheTexts) {
  const std::string text = TextChunks(OrientationTiff(3, true))[0];
  EXPECT_EQ(Layout(PngWith(text + PngChunk("eXIf", OrientationTiff(6, true)), "")), kUpright[5]);
}

TEST(RawProfileTest, IsDecoded) {
  const std::string bytes = "any bytes\n\xFF, more than fit on one line of the text, and \x01";
  EXPECT_EQ(DecodeRawProfile(RawProfile("exif", bytes)), bytes);
  EXPECT_EQ(DecodeRawProfile("\nexif\n 2\nABcdEF"), "\xAB\xCD");
}

TEST(RawProfileTest, IsEmptyWhenItIsDamaged) {
  for (const std::string text : {"", "\n\n\n", "\nexif", "\nexif\n", "\nexif\nmany\n4578", "\nexif\n3\n4578",
                                 "\nexif\n2\n45x8", "\nexif\n-1\n4578", "\nexif\n99999999999999999999999\n45"})
    EXPECT_EQ(DecodeRawProfile(text), "") << text;
}

TEST(RawProfileTest, OfAnotherKindDoesNotTurn) {
  const std::string key = std::string("Raw profile type xmp") + '\0';
  const std::string chunk = PngChunk("tEXt", key + RawProfile("xmp", OrientationTiff(6, true)));
  EXPECT_EQ(Layout(PngWith(chunk, "")), kUpright[0]);
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
